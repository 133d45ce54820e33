//===- onednn_chain.cpp - landmark attention of oneDNN primitives -------===//
// Part of imhsa, under the Apache License v2.0 with LLVM Exceptions: see LICENSE.

// Landmark attention as a chain of oneDNN primitives, each with the memory that it needs made
// beforehand: pooling, products, softmax in place, and the mixing of heads as a matrix product or
// as a 1 x 1 convolution. oneDNN's own choice of layouts for weights is not used: they are results
// of other primitives, in plain layouts, and a reorder costs what it gains.
#include <cmath>
#include <dnnl.hpp>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

using namespace dnnl;
using Dims = memory::dims;

namespace {

enum class Mixing { None, Product, Convolution };

memory::desc plain(const Dims &dims) {
  Dims strides(dims.size(), 1);
  for (size_t i = dims.size() - 1; i > 0; --i)
    strides[i - 1] = strides[i] * dims[i];
  return {dims, memory::data_type::f32, strides};
}

// [B,H,N,D] as [B,H,D,N].
memory::desc transposed(const Dims &d) {
  return {{d[0], d[1], d[3], d[2]},
          memory::data_type::f32,
          Dims{d[1] * d[2] * d[3], d[2] * d[3], 1, d[3]}};
}

class Chain {
public:
  Chain(const Dims &tokens, int64_t landmarks, Mixing mixing, float *query, float *key,
        float *value, float *out, float *const *mixes)
      : mixing(mixing) {
    int64_t batch = tokens[0], heads = tokens[1], count = tokens[2], width = tokens[3];
    Dims pooledDims = {batch, heads, landmarks, width};
    memory pooledQuery = make(plain(pooledDims)), pooledKey = make(plain(pooledDims)),
           context = make(plain(pooledDims));
    pool(query, tokens, pooledQuery);
    pool(key, tokens, pooledKey);

    Dims summedDims = {batch, heads, landmarks, count};
    memory first = make(plain(summedDims)),
           second = mixing == Mixing::None ? first : make(plain(summedDims));
    multiply(pooledQuery, at(transposed(tokens), key), first);
    memory summed = weights(first, second, mixes[2], mixes[3]);
    multiply(summed, at(plain(tokens), value), context);

    // The same memory again, for the weights of tokens over landmarks.
    Dims readDims = {batch, heads, count, landmarks};
    first = at(plain(readDims), first.get_data_handle());
    second = at(plain(readDims), second.get_data_handle());
    multiply(at(plain(tokens), query), at(transposed(pooledDims), pooledKey.get_data_handle()),
             first);
    memory read = weights(first, second, mixes[0], mixes[1]);
    multiply(read, context, at(plain(tokens), out));
  }

  void run() {
    for (auto &[primitive, arguments] : steps)
      primitive.execute(stream, arguments);
    stream.wait();
  }

private:
  // Kept by the chain, since other memory objects refer to the same data by its address.
  memory make(const memory::desc &desc) { return buffers.emplace_back(desc, engine); }
  memory at(const memory::desc &desc, void *data) { return memory(desc, engine, data); }

  void add(primitive step, std::unordered_map<int, memory> arguments) {
    steps.emplace_back(std::move(step), std::move(arguments));
  }

  // The means of segments of tokens, times D^-1/2: every logit has a pooled factor.
  void pool(float *data, const Dims &tokens, memory &pooled) {
    Dims dims = pooled.get_desc().get_dims();
    int64_t count = dims[0] * dims[1] * dims[2], segment = tokens[2] / dims[2], width = dims[3];
    memory::desc from({count, width, segment}, memory::data_type::f32, memory::format_tag::nwc);
    memory::desc to({count, width, 1}, memory::data_type::f32, memory::format_tag::nwc);
    post_ops scale;
    scale.append_eltwise(algorithm::eltwise_linear, 1 / std::sqrt(float(width)), 0);
    primitive_attr attributes;
    attributes.set_post_ops(scale);
    pooling_forward::primitive_desc desc(engine, prop_kind::forward_inference,
                                         algorithm::pooling_avg_exclude_padding, from, to,
                                         {segment}, {segment}, {0}, {0}, {0}, attributes);
    add(pooling_forward(desc),
        {{DNNL_ARG_SRC, at(from, data)}, {DNNL_ARG_DST, at(to, pooled.get_data_handle())}});
  }

  void multiply(const memory &left, const memory &right, const memory &result) {
    matmul::primitive_desc desc(engine, left.get_desc(), right.get_desc(), result.get_desc());
    add(matmul(desc), {{DNNL_ARG_SRC, left}, {DNNL_ARG_WEIGHTS, right}, {DNNL_ARG_DST, result}});
  }

  // Mixing, softmax over the last dimension, mixing; the result is in `first`.
  memory weights(memory &first, memory &second, float *pre, float *post) {
    mix(pre, first, second);
    softmax_forward::primitive_desc desc(engine, prop_kind::forward_inference,
                                         algorithm::softmax_accurate, second.get_desc(),
                                         second.get_desc(), 3);
    add(softmax_forward(desc), {{DNNL_ARG_SRC, second}, {DNNL_ARG_DST, second}});
    mix(post, second, first);
    return first;
  }

  void mix(float *data, memory &from, memory &to) {
    if (mixing == Mixing::None)
      return;
    Dims dims = from.get_desc().get_dims();
    int64_t heads = dims[1];
    if (mixing == Mixing::Convolution) {
      memory weights = at(plain({heads, heads, 1, 1}), data);
      convolution_forward::primitive_desc desc(
          engine, prop_kind::forward_inference, algorithm::convolution_direct, from.get_desc(),
          weights.get_desc(), to.get_desc(), {1, 1}, {0, 0}, {0, 0});
      add(convolution_forward(desc),
          {{DNNL_ARG_SRC, from}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, to}});
      return;
    }
    memory::desc scores = plain({dims[0], heads, dims[2] * dims[3]});
    multiply(at(plain({1, heads, heads}), data), at(scores, from.get_data_handle()),
             at(scores, to.get_data_handle()));
  }

  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  Mixing mixing;
  std::vector<memory> buffers;
  std::vector<std::pair<primitive, std::unordered_map<int, memory>>> steps;
};

thread_local std::string message;

} // namespace

extern "C" {

// The chain for tensors of these four sizes, with segments of equal length: mixing 0 none, 1 by
// product, 2 by convolution; mixes: pre and post of tokens over landmarks, then of landmarks over
// tokens. Null on an error.
void *chain_create(const int64_t *tokens, int64_t landmarks, int mixing, float *query, float *key,
                   float *value, float *out, float *const *mixes) {
  try {
    return new Chain(Dims(tokens, tokens + 4), landmarks, Mixing(mixing), query, key, value, out,
                     mixes);
  } catch (const std::exception &error) {
    message = error.what();
    return nullptr;
  }
}

// Zero, or not if a primitive has failed.
int chain_run(void *chain) {
  try {
    static_cast<Chain *>(chain)->run();
    return 0;
  } catch (const std::exception &error) {
    message = error.what();
    return 1;
  }
}

void chain_destroy(void *chain) { delete static_cast<Chain *>(chain); }

const char *chain_error() { return message.c_str(); }

const char *chain_version() {
  static const std::string text = std::to_string(dnnl_version()->major) + "." +
                                  std::to_string(dnnl_version()->minor) + "." +
                                  std::to_string(dnnl_version()->patch);
  return text.c_str();
}
}
