"""Writes GPU kernels: a gpu.module of `nvvm`, `arith`, `scf` and LLVM pointers, as text.

A kernel is written by running Python. Arithmetic on a Value writes an operation and gives the Value
of its result; a number beside a Value is a constant of the Value's type. Integers are i32 unless said
otherwise; `/`, `%` and `>>` on them are unsigned, comparisons are signed.

  k = Kernel("double", x="global", n="i32")
  i = k.thread("x") + k.block("x") * k.block_dim("x")
  with k.where(i < k.n):
      p = k.x.at(i * 4)
      k.store(k.load(p, "f32") * 2.0, p)
  text = k.text()
"""
import contextlib

FLOATS = {"f16", "bf16", "f32", "f64"}
BYTES = {"i8": 1, "i16": 2, "i32": 4, "i64": 8, "f16": 2, "bf16": 2, "f32": 4, "f64": 8}


def vector_of(type):
    """The number of elements of a vector<NxT> and T; 1 and the type itself for others."""
    if not type.startswith("vector<"):
        return 1, type
    count, element = type[len("vector<"):-1].split("x")
    return int(count), element


def size_of(type):
    """Bytes of a scalar type, or of a vector<NxT>."""
    count, element = vector_of(type)
    return count * BYTES[element]


class Value:
    """An SSA value: its kernel, its name (with %) and its MLIR type."""

    def __init__(self, kernel, name, type):
        self.kernel, self.name, self.type = kernel, name, type

    def __str__(self):
        return self.name

    def _binary(self, integer, float, other, swap=False):
        other = self.kernel.value(other, self.type)
        if other.type != self.type:
            raise TypeError(f"{integer or float}: {self.type} and {other.type}")
        a, b = (other, self) if swap else (self, other)
        operation = float if vector_of(self.type)[1] in FLOATS else integer
        return self.kernel.op(f"arith.{operation} {a}, {b} : {self.type}", self.type)

    def __add__(self, other): return self._binary("addi", "addf", other)
    def __radd__(self, other): return self._binary("addi", "addf", other)
    def __sub__(self, other): return self._binary("subi", "subf", other)
    def __rsub__(self, other): return self._binary("subi", "subf", other, swap=True)
    def __mul__(self, other): return self._binary("muli", "mulf", other)
    def __rmul__(self, other): return self._binary("muli", "mulf", other)
    def __truediv__(self, other): return self._binary("divui", "divf", other)
    def __mod__(self, other): return self._binary("remui", None, other)
    def __and__(self, other): return self._binary("andi", None, other)
    def __or__(self, other): return self._binary("ori", None, other)
    def __xor__(self, other): return self._binary("xori", None, other)
    def __rshift__(self, other): return self._binary("shrui", None, other)

    def _compare(self, predicate, other):
        other = self.kernel.value(other, self.type)
        operation = "cmpf o" if self.type in FLOATS else "cmpi " + ("" if predicate in ("eq", "ne") else "s")
        return self.kernel.op(f"arith.{operation}{predicate}, {self}, {other} : {self.type}", "i1")

    def __lt__(self, other): return self._compare("lt", other)
    def __le__(self, other): return self._compare("le", other)
    def __gt__(self, other): return self._compare("gt", other)
    def __ge__(self, other): return self._compare("ge", other)
    def eq(self, other): return self._compare("eq", other)
    def ne(self, other): return self._compare("ne", other)

    def at(self, offset):
        """The pointer `offset` bytes beyond this one; the offset is a number or an i32."""
        if isinstance(offset, int):
            return self if offset == 0 else self.kernel.op(
                f"llvm.getelementptr {self}[{offset}] : ({self.type}) -> {self.type}, i8", self.type)
        return self.kernel.op(
            f"llvm.getelementptr {self}[{offset}] : ({self.type}, {offset.type}) -> {self.type}, i8", self.type)

    def to(self, operation, type):
        """This value through a conversion, for example `x.to("arith.truncf", "bf16")`."""
        return self.kernel.op(f"{operation} {self} : {self.type} to {type}", type)

    def bits(self, type):
        """The same bits as another type."""
        return self if self.type == type else self.to("llvm.bitcast", type)

    def parts(self):
        """The fields of a struct."""
        types = self.type[len("!llvm.struct<("):-2].split(", ")
        return [self.kernel.op(f"llvm.extractvalue {self}[{i}] : {self.type}", t) for i, t in enumerate(types)]

    def element(self, i):
        """Element `i` of a vector."""
        return self.kernel.op(f"llvm.extractelement {self}[{self.kernel.value(i)} : i32] : {self.type}",
                              vector_of(self.type)[1])


class Kernel:
    """A kernel of one gpu.module.

    Arguments are given as name=type, where a type is global (a pointer), i32, i64 or f32; each is
    then an attribute. `attributes` stand on the function, beside nvvm.kernel.
    """

    def __init__(self, name, attributes="", **arguments):
        self.name, self._attributes = name, attributes
        self._lines, self._indent, self._count = [], 2, 0
        self._constants, self._globals = {}, []
        self._arguments = {a: "!llvm.ptr<1>" if type == "global" else type for a, type in arguments.items()}
        for argument, type in self._arguments.items():
            setattr(self, argument, Value(self, f"%{argument}", type))

    def text(self):
        arguments = ", ".join(f"%{a}: {type}" for a, type in self._arguments.items())
        attributes = "nvvm.kernel" + (f", {self._attributes}" if self._attributes else "")
        body = [f"    {name} = {operation}" for operation, name in self._constants.items()]
        return "\n".join(
            ["gpu.module @kernels {"] + [f"  {g}" for g in self._globals]
            + [f"  llvm.func @{self.name}({arguments}) attributes {{{attributes}}} {{"]
            + body + self._lines + ["    llvm.return", "  }", "}", ""])

    # Operations -------------------------------------------------------------------------------------

    def do(self, text):
        """An operation without results."""
        self._lines.append("  " * self._indent + text)

    def op(self, text, type):
        """An operation with one result."""
        self._count += 1
        self.do(f"%{self._count} = {text}")
        return Value(self, f"%{self._count}", type)

    def value(self, x, type="i32"):
        """`x` itself, or the number `x` as a constant at the start of the kernel."""
        if isinstance(x, Value):
            return x
        element = vector_of(type)[1]
        if element in FLOATS and x in (float("inf"), float("-inf")):
            literal = {"f32": "0x7F800000", "f64": "0x7FF0000000000000"}[element]
            literal = literal if x > 0 else literal.replace("0x7", "0xF", 1)
        else:
            literal = repr(float(x)) if element in FLOATS else int(x)
        if type != element:
            literal = f"dense<{literal}>"
        operation = f"arith.constant {literal} : {type}"
        return Value(self, self._constants.setdefault(operation, f"%c{len(self._constants)}"), type)

    def undefined(self, type):
        return self.op(f"llvm.mlir.undef : {type}", type)

    def vector(self, *elements):
        type = f"vector<{len(elements)}x{elements[0].type}>"
        v = self.undefined(type)
        for i, e in enumerate(elements):
            v = self.op(f"llvm.insertelement {e}, {v}[{self.value(i)} : i32] : {type}", type)
        return v

    def select(self, condition, a, b):
        a = self.value(a, b.type) if isinstance(b, Value) else a
        return self.op(f"arith.select {condition}, {a}, {self.value(b, a.type)} : {a.type}", a.type)

    def smaller(self, a, b):
        """The smaller of two i32, signed."""
        return self.op(f"arith.minsi {a}, {self.value(b)} : i32", "i32")

    def larger(self, a, b):
        """The larger of two i32, signed."""
        return self.op(f"arith.maxsi {a}, {self.value(b)} : i32", "i32")

    def intrinsic(self, name, type, *operands):
        """A call of an LLVM intrinsic, for example "llvm.nvvm.ex2.approx.ftz.f32"."""
        types = ", ".join(o.type for o in operands)
        return self.op(f'llvm.call_intrinsic "{name}"({", ".join(map(str, operands))}) : ({types}) -> {type}', type)

    def maximum(self, a, b):
        return self.op(f"llvm.intr.maxnum({a}, {b}) : ({a.type}, {a.type}) -> {a.type}", a.type)

    def fma(self, a, b, c):
        a, b, c = (self.value(x, "f32") for x in (a, b, c))
        return self.op(f"llvm.intr.fma({a}, {b}, {c}) : ({a.type}, {a.type}, {a.type}) -> {a.type}", a.type)

    def ex2(self, x):
        return self.intrinsic("llvm.nvvm.ex2.approx.ftz.f32", "f32", x)

    # Control flow -----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def where(self, condition):
        """The body runs in lanes where the condition holds."""
        self.do(f"scf.if {condition} {{")
        self._indent += 1
        yield
        self._indent -= 1
        self.do("}")

    @contextlib.contextmanager
    def loop(self, start, stop, step, *state):
        """for i in range(start, stop, step), in i32.

        Yields i and a list that starts as `state`. What the list holds at the end of the body is
        carried into the next iteration; after the loop it holds the last values.
        """
        start, stop, step = (self.value(x) for x in (start, stop, step))
        self._count += 1
        n, types = self._count, [s.type for s in state]
        carried = [Value(self, f"%s{n}_{j}", type) for j, type in enumerate(types)]
        head = f"scf.for %i{n} = {start} to {stop} step {step}"
        if state:
            initial = ", ".join(f"{c} = {s}" for c, s in zip(carried, state))
            head = f"%{n}:{len(state)} = {head} iter_args({initial}) -> ({', '.join(types)})"
        self.do(f"{head} : i32 {{")
        self._indent += 1
        yield Value(self, f"%i{n}", "i32"), carried
        if state:
            self.do(f"scf.yield {', '.join(map(str, carried))} : {', '.join(types)}")
        self._indent -= 1
        self.do("}")
        carried[:] = [Value(self, f"%{n}#{j}", type) for j, type in enumerate(types)]

    @contextlib.contextmanager
    def until(self):
        """Repeats the body until the Value that it puts into the yielded list is true."""
        condition = []
        self.do("scf.while : () -> () {")
        self._indent += 1
        yield condition
        repeat = condition[0] ^ self.value(-1, "i1")
        self.do(f"scf.condition({repeat})")
        self._indent -= 1
        self.do("} do {")
        self.do("  scf.yield")
        self.do("}")

    # Registers and memory ---------------------------------------------------------------------------

    def special(self, register):
        """A special register, for example "laneid"."""
        return self.op(f"nvvm.read.ptx.sreg.{register} : i32", "i32")

    def thread(self, axis="x"): return self.special(f"tid.{axis}")
    def block(self, axis="x"): return self.special(f"ctaid.{axis}")
    def block_dim(self, axis="x"): return self.special(f"ntid.{axis}")

    def shared(self, bytes=0, alignment=128):
        """A pointer to `bytes` of static shared memory, or to the dynamic shared memory where 0."""
        name, array = f"shared{len(self._globals)}" if bytes else "dynamic", f"!llvm.array<{bytes} x i8>"
        head = (f"llvm.mlir.global {'internal' if bytes else 'external'} @{name}() "
                f"{{addr_space = 3 : i32, alignment = {alignment} : i64}} : {array}")
        undefined = f" {{\n    %0 = llvm.mlir.undef : {array}\n    llvm.return %0 : {array}\n  }}"
        self._globals.append(head + (undefined if bytes else ""))
        return self.op(f"llvm.mlir.addressof @{name} : !llvm.ptr<3>", "!llvm.ptr<3>")

    def load(self, pointer, type):
        return self.op(f"llvm.load {pointer} {{alignment = {size_of(type)} : i64}} : {pointer.type} -> {type}", type)

    def guarded_load(self, condition, pointer, otherwise):
        """What the pointer points to, or the Value `otherwise` where the condition does not hold."""
        self._count += 1
        result = Value(self, f"%{self._count}", otherwise.type)
        self.do(f"{result} = scf.if {condition} -> ({result.type}) {{")
        self._indent += 1
        self.do(f"scf.yield {self.load(pointer, result.type)} : {result.type}")
        self._indent -= 1
        self.do("} else {")
        self.do(f"  scf.yield {otherwise} : {result.type}")
        self.do("}")
        return result

    def store(self, value, pointer):
        self.do(f"llvm.store {value}, {pointer} {{alignment = {size_of(value.type)} : i64}} : "
                f"{value.type}, {pointer.type}")

    # Barriers and warps -----------------------------------------------------------------------------

    def barrier(self, id=None, threads=None):
        self.do("nvvm.barrier" + (f" id = {self.value(id)}" if id is not None else "")
                + (f" number_of_threads = {self.value(threads)}" if threads is not None else ""))

    def arrive(self, id, threads):
        """Arrives at a numbered barrier without waiting."""
        self.do(f"nvvm.barrier.arrive id = {self.value(id)} number_of_threads = {self.value(threads)}")

    def sync_warp(self, mask=-1):
        self.do(f"nvvm.bar.warp.sync {self.value(mask)} : i32")

    def shuffle(self, mode, x, offset, clamp=31, mask=-1):
        """shfl.sync; mode is up, down, bfly or idx."""
        return self.op(f"nvvm.shfl.sync {mode} {self.value(mask)}, {x}, {self.value(offset)}, {self.value(clamp)} : "
                       f"{x.type} -> {x.type}", x.type)

    def elect(self):
        return self.op("nvvm.elect.sync -> i1", "i1")

    # Matrices ---------------------------------------------------------------------------------------

    def _matrices(self, trans):
        return (f"layout = #nvvm.mma_layout<{'col' if trans else 'row'}>, "
                "shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>")

    def ldmatrix(self, pointer, count, trans=False):
        """`count` registers of i32."""
        type = "i32" if count == 1 else f"!llvm.struct<({', '.join(['i32'] * count)})>"
        r = self.op(f"nvvm.ldmatrix {pointer} {{num = {count} : i32, {self._matrices(trans)}}} : (!llvm.ptr<3>) -> "
                    f"{type}", type)
        return [r] if count == 1 else r.parts()

    def stmatrix(self, pointer, registers, trans=False):
        self.do(f"nvvm.stmatrix {pointer}, {', '.join(map(str, registers))} {{{self._matrices(trans)}}} : "
                f"!llvm.ptr<3>, {', '.join(['i32'] * len(registers))}")

    def mma(self, type, k, a, b, c):
        """D = A B + C for m16n8 and `k`; registers are i32 (or f32 of C), as many as the shape has."""
        half = type == "f16"
        a, b = ([r.bits("vector<2xf16>") if half else r for r in x] for x in (a, b))
        result = f"!llvm.struct<({', '.join(r.type for r in c)})>"
        types = "" if half else "".join(
            f"multiplicand{x}PtxType = #nvvm.mma_type<{type}>, " for x in "AB")
        r = self.op(
            f"nvvm.mma.sync A[{', '.join(map(str, a))}] B[{', '.join(map(str, b))}] C[{', '.join(map(str, c))}] "
            f"{{layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, {types}"
            f"shape = #nvvm.shape<m = 16, n = 8, k = {k}>}} : ({a[0].type}, {b[0].type}, {c[0].type}) -> {result}",
            result)
        return r.parts()

    # Asynchronous copies ----------------------------------------------------------------------------

    def cp_async(self, target, source, bytes, valid=None):
        """Copies `bytes`, the first `valid` of them (an i32) and zeros for the rest."""
        cache = "cg" if bytes == 16 else "ca"
        tail = f", {valid} : !llvm.ptr<3>, !llvm.ptr<1>, i32" if valid is not None else " : !llvm.ptr<3>, !llvm.ptr<1>"
        self.do(f"nvvm.cp.async.shared.global {target}, {source}, {bytes}, cache = {cache}{tail}")

    def cp_commit(self):
        self.do("nvvm.cp.async.commit.group")

    def cp_wait(self, groups):
        self.do(f"nvvm.cp.async.wait.group {groups}")

    def bulk_in(self, target, source, barrier, bytes):
        self.do(f"nvvm.cp.async.bulk.shared.cluster.global {target}, {source}, {barrier}, {self.value(bytes)} : "
                "!llvm.ptr<3>, !llvm.ptr<1>")

    def bulk_out(self, target, source, bytes):
        self.do(f"nvvm.cp.async.bulk.global.shared.cta {target}, {source}, {self.value(bytes)} : "
                "!llvm.ptr<1>, !llvm.ptr<3>")

    def bulk_commit(self):
        self.do("nvvm.cp.async.bulk.commit.group")

    def bulk_wait(self, groups, read=False):
        self.do(f"nvvm.cp.async.bulk.wait_group {groups}" + (" {read}" if read else ""))

    def mbarrier_init(self, barrier, count):
        self.do(f"nvvm.mbarrier.init {barrier}, {self.value(count)} : !llvm.ptr<3>, i32")

    def mbarrier_arrive(self, barrier):
        """Arrives once; the state before is the result."""
        return self.op(f"nvvm.mbarrier.arrive {barrier} : !llvm.ptr<3> -> i64", "i64")

    def mbarrier_arrive_expect(self, barrier, bytes):
        self.do(f"nvvm.mbarrier.arrive.expect_tx {barrier}, {self.value(bytes)} : !llvm.ptr<3>, i32")

    def mbarrier_wait(self, barrier, parity):
        """Until the phase of this parity is complete."""
        self.do(f"nvvm.mbarrier.try_wait.parity {barrier}, {self.value(parity)}, {self.value(10000)} : "
                "!llvm.ptr<3>, i32, i32")

    def fence_async(self):
        """Makes writes to shared memory visible to bulk copies."""
        self.do("nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}")

    def fence(self, scope="gpu"):
        self.do(f"nvvm.memory.barrier <{scope}>")

    def inline(self, ptx, *operands, type=None):
        """nvvm.inline_ptx with read-only operands and at most one result; $0 is the result where there is one."""
        inputs = f" ro ({', '.join(map(str, operands))} : {', '.join(o.type for o in operands)})" if operands else ""
        text = f'nvvm.inline_ptx "{ptx}"{inputs}'
        return self.op(f"{text} -> {type}", type) if type else self.do(text)
