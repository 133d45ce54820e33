"""Case -> IR: a function `main` of one imhsa operation, its operands, and its results."""
from __future__ import annotations

from cases import Case

# Operands and results: name -> (dimensions, element type). A dimension is a symbol or "1".
Shapes = dict[str, tuple[list[str], str]]


def tokens(order: str, heads: str, count: str, width: str) -> list[str]:
    return ["B", heads, count, width] if order == "bhnd" else ["B", count, heads, width]


def sizes(case: Case) -> dict[str, int]:
    names = {n: getattr(case, n) for n in ("B", "N", "M", "H", "S", "S2", "G", "D", "E", "L")}
    return {**names, "H'": case.key_heads, "G'": case.value_heads, "H''": case.landmark_heads, "1": 1}


def accumulator(case: Case) -> str:
    return "f64" if case.type == "f64" else "f32"


def operands(case: Case) -> Shapes:
    shapes: Shapes = {"query": (tokens(case.query_order, "H", "N", "D"), case.type)}
    if case.op != "pool":
        shapes["key"] = (tokens(case.key_order, "H'", "M", "D"), case.type)
    if case.op == "attention":
        shapes["value"] = (tokens(case.value_order, "G'", "M", "E"), case.value_type or case.type)
    if case.op != "pool" and case.landmarks in ("bhld", "hld"):
        batch, element = ["B"] if case.landmarks == "bhld" else [], case.landmark_type or case.type
        shapes["query_landmarks"] = (batch + ["H", "L", "D"], element)
        shapes["key_landmarks"] = (batch + ["H''", "L", "D"], element)
    for end, s in ("", "S"), ("2", "S2"):
        dims = {"pre": [s, "H"], "pre_bias": [s], "post": ["G", s], "post_bias": ["G"]}
        for name, of in dims.items():
            if getattr(case, name + end):
                shapes[name + end] = (of, case.mix_type or case.type)
    if case.bias:
        shapes["bias"] = (list(case.bias), case.type)
    if case.keep:
        shapes["keep"] = (list(case.keep), "i1")
    if case.lengths:
        shapes["key_lengths"] = (["B"], case.lengths)
    if case.lse in ("operand", "both"):
        shapes["lse"] = (["B", "S", "N"], accumulator(case))
    return shapes


def results(case: Case) -> Shapes:
    if case.op == "weights":
        return {"weights": (["B", "G", "N", "M"], accumulator(case))}
    if case.op == "log_sum_exp":
        return {"lse": (["B", "S", "N"], accumulator(case))}
    if case.op == "pool":
        return {"landmarks": (["B", "H", "L", "D"], case.out_type or case.type)}
    shapes: Shapes = {"output": (tokens(case.out_order, "G", "N", "E"), case.out_type or case.type)}
    if case.lse in ("result", "both"):
        shapes["lse"] = (["B", "S", "N"], accumulator(case))
    return shapes


def tensor(case: Case, shape: tuple[list[str], str]) -> str:
    dims, element = shape
    shown = ["?" if case.dynamic and dim in ("B", "N", "M") else str(sizes(case)[dim]) for dim in dims]
    return f"tensor<{'x'.join([*shown, element])}>"


def module(case: Case, name: str = "main") -> str:
    """The IR of a function that takes the operands in order and returns the results."""
    ins, outs = operands(case), results(case)
    in_type = {name: tensor(case, shape) for name, shape in ins.items()}
    out_type = {name: tensor(case, shape) for name, shape in outs.items()}
    body = []

    # Destinations; the sizes that their types do not have are those of the query and the key.
    indices = {}
    if case.dynamic:
        for symbol, operand in ("B", "query"), ("N", "query"), ("M", "key"):
            if any(symbol in dims for dims, _ in outs.values()):
                at = ins[operand][0].index(symbol)
                body.append(f"%at_{symbol} = arith.constant {at} : index")
                body.append(f"%{symbol} = tensor.dim %{operand}, %at_{symbol} : {in_type[operand]}")
                indices[symbol] = f"%{symbol}"
    for result, (dims, _) in outs.items():
        dynamic = ", ".join(indices[dim] for dim in dims if dim in indices)
        body.append(f"%{result}_init = tensor.empty({dynamic}) : {out_type[result]}")
    if case.offset:
        body.append(f"%offset = arith.constant {case.offset} : index")

    def given(*names):  # %a, %b : type, type
        return ", ".join(f"%{n}" for n in names) + " : " + ", ".join(in_type[n] for n in names)

    def interaction(keyword, end):
        members = [n for n in ("pre", "pre_bias", "post", "post_bias") if n + end in ins]
        inner = ", ".join(f"{n} = %{n}{end} : {in_type[n + end]}" for n in members)
        return [f"{keyword}({inner})"] if members else []

    def pool():
        if case.landmarks == "pool":
            return f"#imhsa.pool<{case.L}>"
        (rows, columns), (down, across) = case.grid()
        return f"#imhsa.pool<{rows}x{columns} to {down}x{across}>"

    def orders(**named):
        other = ", ".join(f"{name} = {order}" for name, order in named.items() if order != "bhnd")
        return [f"order({other})"] if other else []

    clauses = []
    if case.op == "pool":
        clauses += [pool(), f"ins({given('query')})", *orders(input=case.query_order)]
    else:
        read = ("query", "key", "value") if case.op == "attention" else ("query", "key")
        clauses.append(f"ins({given(*read)})")
        clauses += orders(query=case.query_order, key=case.key_order, value=case.value_order, output=case.out_order)
        if case.landmarks in ("pool", "grid"):
            clauses.append(f"landmarks({pool()})")
        elif case.landmarks:
            clauses.append(f"landmarks({given('query_landmarks', 'key_landmarks')})")
        clauses += interaction("key_less" if case.landmarks else "interaction", "") + interaction("query_less", "2")
    clauses += [f"{n}({given(n)})" for n in ("bias", "keep", "key_lengths", "lse") if n in ins]
    clauses += ["causal"] * case.causal
    clauses += [f"window({case.window})"] * bool(case.window)
    clauses += ["query_offset(%offset)"] * bool(case.offset)
    clauses += [f"scale({case.scale})"] * bool(case.scale)
    clauses += [f"schedule(#imhsa.schedule<{case.schedule}>)"] * bool(case.schedule)

    inits = ", ".join(f"%{n}_init" for n in outs)
    out_types = ", ".join(out_type.values())
    count = f":{len(outs)}" if len(outs) > 1 else ""
    returned = ", ".join(f"%r#{i}" for i in range(len(outs))) if count else "%r"
    body.append(f"%r{count} = imhsa.{case.op} " + "\n         ".join(clauses))
    body.append(f"       outs({inits} : {out_types}) -> {out_types}")
    body.append(f"return {returned} : {out_types}")
    arguments = ", ".join(f"%{n}: {t}" for n, t in in_type.items())
    lines = "\n  ".join(body)
    return f"// {case}\nfunc.func @{name}({arguments}) -> ({out_types}) {{\n  {lines}\n}}\n"
