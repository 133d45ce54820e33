"""Products of many factors.

    long_products.py chain COUNT > chain.mlir     COUNT matrices, multiplied from the left
    long_products.py check COUNT REMARKS          that their order is the textbook's optimum
    long_products.py star COUNT > star.mlir       a tensor of COUNT - 1 dimensions, times as many vectors
"""
import random
import re
import sys


def chain_sizes(count):
    rng = random.Random(count)
    return [rng.randint(5, 60) for _ in range(count + 1)]


def write_chain(count):
    p = chain_sizes(count)
    arguments = ", ".join(f"%a{i}: tensor<{p[i]}x{p[i + 1]}xf32>" for i in range(count))
    print(f"func.func @chain({arguments}) -> tensor<{p[0]}x{p[count]}xf32> {{")
    product = "%a0"
    for i in range(1, count):
        out = f"tensor<{p[0]}x{p[i + 1]}xf32>"
        print(f"  %z{i} = arith.constant dense<0.0> : {out}")
        print(f"  %p{i} = linalg.matmul ins({product}, %a{i} : tensor<{p[0]}x{p[i]}xf32>,"
              f" tensor<{p[i]}x{p[i + 1]}xf32>) outs(%z{i} : {out}) -> {out}")
        product = f"%p{i}"
    print(f"  return {product} : tensor<{p[0]}x{p[count]}xf32>\n}}")


def check_chain(count, path):
    p = chain_sizes(count)
    cost = {(i, i): 0 for i in range(count)}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            cost[i, j] = min(cost[i, k] + cost[k + 1, j] + p[i] * p[k + 1] * p[j + 1] for k in range(i, j))
    found = re.findall(rf"product of {count} factors reordered .*? to (\d+) FLOPs", open(path).read())
    assert found == [str(2 * cost[0, count - 1])], f"{found} instead of {2 * cost[0, count - 1]} FLOPs"
    print(f"{count} factors: {found[0]} FLOPs")


def write_star(count):
    dims = count - 1
    kind = ["tensor<" + "2x" * i + "f32>" for i in range(dims + 1)]
    arguments = ", ".join(["%t: " + kind[dims]] + [f"%v{i}: tensor<2xf32>" for i in range(dims)])
    print(f"func.func @star({arguments}) -> tensor<f32> {{")
    product = "%t"
    for i in reversed(range(dims)):
        domain = ", ".join(f"d{j}" for j in range(i + 1))
        kept = ", ".join(f"d{j}" for j in range(i))
        print(f"  %z{i} = arith.constant dense<0.0> : {kind[i]}")
        print(f"  %p{i} = linalg.contract indexing_maps = [affine_map<({domain}) -> ({domain})>,"
              f" affine_map<({domain}) -> (d{i})>, affine_map<({domain}) -> ({kept})>]"
              f" ins({product}, %v{i} : {kind[i + 1]}, tensor<2xf32>) outs(%z{i} : {kind[i]}) -> {kind[i]}")
        product = f"%p{i}"
    print(f"  return {product} : tensor<f32>\n}}")


if __name__ == "__main__":
    command, count, *rest = sys.argv[1:]
    {"chain": write_chain, "check": check_chain, "star": write_star}[command](int(count), *rest)
