"""Random products of tensors against brute force, as numbers and as programs.

    random_products.py write SEED COUNT > products.mlir
    random_products.py check SEED COUNT REMARKS    that each order is the cheapest of all
    random_products.py compare VALUES              that each product keeps its value

Of each product there are two functions: @product_I may be reassociated, @original_I
may not. Entries are small integers, so that f32 sums are exact in every order.
"""
import random
import re
import sys

BYTE_WEIGHT = 0.5


class Product:
    """factors: a list of index lists; tree: nested pairs of factor numbers."""

    def __init__(self, rng, number):
        self.number = number
        self.dynamic = rng.random() < 0.4
        count = rng.randint(3, 6)
        self.factors = [[] for _ in range(count)]
        self.result = []
        self.sizes = {}
        for a, b in zip(range(count), range(1, count)):  # connected, perhaps a chain
            self.add_index(rng, [a, b], in_result=rng.random() < 0.1)
        for _ in range(rng.choice([0, 0, 1, 2, 3])):
            having = rng.sample(range(count), rng.choice([1, 1, 2, 3, count]))
            self.add_index(rng, having, in_result=rng.random() < 0.6)
        for end in rng.sample([0, count - 1], rng.randint(0, 2)):
            self.add_index(rng, [end], in_result=True)
        rng.shuffle(self.result)
        for factor in self.factors:
            rng.shuffle(factor)
        trees = list(range(count))
        while len(trees) > 1:
            a = trees.pop(rng.randrange(len(trees) - 1))
            where = rng.randrange(len(trees))
            trees[where] = (a, trees[where]) if rng.random() < 0.5 else (trees[where], a)
        self.tree = trees[0]

    def add_index(self, rng, factors, in_result):
        index = len(self.sizes)
        self.sizes[index] = rng.choice([1, 2, 3, 4, 5, 7, 9])
        for factor in factors:
            self.factors[factor].append(index)
        if in_result:
            self.result.append(index)

    def volume(self, indices):
        size = 1
        for index in indices:
            size *= self.sizes[index]
        return size

    def kept(self, factors):
        """The indices that a product of `factors` still has."""
        inside = set().union(*(self.factors[f] for f in factors))
        outside = set(self.result).union(
            *(self.factors[f] for f in range(len(self.factors)) if f not in factors))
        return inside & outside

    def indices(self, tree):
        if isinstance(tree, int):
            return set(self.factors[tree])
        return self.kept(leaves(tree))

    def cost(self, tree):
        """FLOPs and bytes of all products of a tree, without its result."""
        if isinstance(tree, int):
            return 0, 0
        left, right = tree
        flops = 2 * self.volume(self.indices(left) | self.indices(right))
        bytes_stored = 0 if len(leaves(tree)) == len(self.factors) else 4 * self.volume(self.indices(tree))
        for part in tree:
            more_flops, more_bytes = self.cost(part)
            flops, bytes_stored = flops + more_flops, bytes_stored + more_bytes
        return flops, bytes_stored

    def weighted(self, tree):
        flops, bytes_stored = self.cost(tree)
        return flops + BYTE_WEIGHT * bytes_stored

    def cheapest(self):
        return min(self.weighted(tree) for tree in all_trees(list(range(len(self.factors)))))

    # The program.

    def type(self, indices, dynamic=None):
        dynamic = self.dynamic if dynamic is None else dynamic
        return "tensor<" + "".join(("?" if dynamic else str(self.sizes[i])) + "x" for i in indices) + "f32>"

    def function(self, name, attributes):
        lines = []

        def zero(indices):
            number = len(lines)
            sizes = []
            for index in indices if self.dynamic else []:
                factor = next(f for f in range(len(self.factors)) if index in self.factors[f])
                lines.append(f"%c{number}_{index} = arith.constant {self.factors[factor].index(index)} : index")
                lines.append(f"%s{number}_{index} = tensor.dim %f{factor}, %c{number}_{index}"
                             f" : {self.type(self.factors[factor])}")
                sizes.append(f"%s{number}_{index}")
            kind = self.type(indices)
            lines.append(f"%e{number} = tensor.empty({', '.join(sizes)}) : {kind}")
            lines.append(f"%i{number} = linalg.fill ins(%zero : f32) outs(%e{number} : {kind}) -> {kind}")
            return f"%i{number}"

        def emit(tree):
            if isinstance(tree, int):
                return f"%f{tree}", self.factors[tree]
            (lhs, lhs_indices), (rhs, rhs_indices) = emit(tree[0]), emit(tree[1])
            is_result = len(leaves(tree)) == len(self.factors)
            result = self.result if is_result else sorted(self.kept(leaves(tree)))
            loops = sorted(set(lhs_indices) | set(rhs_indices))
            domain = ", ".join(f"d{i}" for i in loops)
            maps = ", ".join(f"affine_map<({domain}) -> ({', '.join(f'd{i}' for i in indices)})>"
                             for indices in (lhs_indices, rhs_indices, result))
            kinds = ", ".join('"parallel"' if i in result else '"reduction"' for i in loops)
            init = zero(result)
            number = len(lines)
            out = self.type(result)
            lines.append(
                f"%p{number} = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{kinds}]}}"
                f" ins({lhs}, {rhs} : {self.type(lhs_indices)}, {self.type(rhs_indices)})"
                f" outs({init} : {out}){attributes} {{ ^bb0(%a: f32, %b: f32, %c: f32):"
                f" %m = arith.mulf %a, %b : f32 %s = arith.addf %c, %m : f32 linalg.yield %s : f32 }} -> {out}"
                f' loc("{name}")')
            return f"%p{number}", result

        value, result = emit(self.tree)
        arguments = ", ".join(
            f"%f{number}: {self.type(indices)}"
            + (" {imhsa.size_hint = array<i64: " + ", ".join(str(self.sizes[i]) for i in indices) + ">}"
               if self.dynamic and indices else "")
            for number, indices in enumerate(self.factors)).replace("array<i64: >", "array<i64>")
        return (f"func.func private @{name}({arguments}) -> {self.type(result)} {{\n"
                "  %zero = arith.constant 0.0 : f32\n  " + "\n  ".join(lines) +
                f"\n  return {value} : {self.type(result)}\n}}\n")

    def calls(self, rng):
        """Lines of @main: call both functions on the same operands and print both results."""
        lines, operands, types = [], [], []
        for number, indices in enumerate(self.factors):
            name, static, kind = f"%f{self.number}_{number}", self.type(indices, False), self.type(indices)
            lines.append(f"{name}_s = arith.constant dense<{entries(rng, [self.sizes[i] for i in indices])}> : {static}")
            lines.append(f"{name} = tensor.cast {name}_s : {static} to {kind}")
            operands.append(name)
            types.append(kind)
        out = self.type(self.result)
        memref = out.replace("tensor", "memref")
        for kind in ("product", "original"):
            name = f"%{kind}_{self.number}"
            lines += [
                f"{name} = func.call @{kind}_{self.number}({', '.join(operands)}) : ({', '.join(types)}) -> {out}",
                f"{name}_b = bufferization.to_buffer {name} : {out} to {memref}",
                f"{name}_u = memref.cast {name}_b : {memref} to memref<*xf32>",
                f"func.call @printMemrefF32({name}_u) : (memref<*xf32>) -> ()",
            ]
        return lines


def entries(rng, sizes):
    if not sizes:
        return f"{rng.randint(-1, 2)}.0"
    return "[" + ", ".join(entries(rng, sizes[1:]) for _ in range(sizes[0])) + "]"


def leaves(tree):
    return {tree} if isinstance(tree, int) else leaves(tree[0]) | leaves(tree[1])


def all_trees(numbers):
    """Every way to multiply the factors two by two."""
    if len(numbers) == 1:
        yield numbers[0]
        return
    first, rest = numbers[0], numbers[1:]
    for chosen in range(2 ** len(rest) - 1):
        with_first = [first] + [n for bit, n in enumerate(rest) if chosen >> bit & 1]
        others = [n for bit, n in enumerate(rest) if not chosen >> bit & 1]
        for left in all_trees(with_first):
            for right in all_trees(others):
                yield left, right


def products(seed, count):
    rng = random.Random(seed)
    return [Product(rng, number) for number in range(count)], rng


def write(seed, count):
    made, rng = products(seed, count)
    lines = [line for product in made for line in product.calls(rng)]
    print("func.func private @printMemrefF32(%m: memref<*xf32>) attributes {llvm.emit_c_interface}")
    for product in made:
        print(product.function(f"product_{product.number}", " attrs = {imhsa.reassociate}"))
        print(product.function(f"original_{product.number}", ""))
    print("func.func @main() {\n  " + "\n  ".join(lines) + "\n  return\n}")


def check(seed, count, path):
    """Of each product, the remark's cost before and after is right, and the cheapest."""
    made, _ = products(seed, count)
    pattern = re.compile(r'loc\("(product|original)_(\d+)"\): .*?: (\d+) to (\d+) FLOPs, (\d+) to (\d+) bytes')
    found = {}
    for kind, number, *costs in pattern.findall(open(path).read()):
        found[kind, int(number)] = [int(cost) for cost in costs]
    changed = 0
    for product in made:
        written, best = product.weighted(product.tree), product.cheapest()
        for kind in ("product", "original"):
            remark = found.get((kind, product.number))
            if remark is None:
                assert written == best, f"@{kind}_{product.number} is left at {written}, {best} is possible"
                continue
            flops, new_flops, stored, new_stored = remark
            assert (flops, stored) == product.cost(product.tree), f"@{kind}_{product.number}: {remark}"
            assert new_flops + BYTE_WEIGHT * new_stored == best < written, f"@{kind}_{product.number}: {remark}, {best}"
            changed += kind == "product"
    assert 0 < changed < count, f"{changed} of {count} products changed"
    print(f"{changed} of {count} products reordered, all orders are the cheapest")


def compare(path):
    """The printed results come in pairs, first reordered, then original."""
    results = re.findall(r"rank = .*?sizes = (\[.*?\]).*?data =\s*\n(.*?)(?=\n*(?:Unranked|\Z))", open(path).read(), re.S)
    assert results and len(results) % 2 == 0, f"{len(results)} results"
    for number, (product, original) in enumerate(zip(results[::2], results[1::2])):
        assert product == original, f"product {number}: {product} instead of {original}"
    nonzero = sum(bool(re.search("[1-9]", data)) for _, data in results)
    assert nonzero > len(results) // 2, f"only {nonzero} of {len(results)} results are not zero"
    print(f"{len(results) // 2} products keep their values")


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "write":
        write(*map(int, arguments))
    elif command == "check":
        check(int(arguments[0]), int(arguments[1]), arguments[2])
    else:
        compare(*arguments)
