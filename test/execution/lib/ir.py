"""Case -> IR: a function `main` of one imhsa operation, its operands, and its results."""
from __future__ import annotations

import views
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
    for name, element in views.pairs(case.elements).items():
        shapes[name] = (shapes[name][0], element)
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


def sizes_shown(case: Case, name: str, dims: list[str]) -> list[int | str]:
    """The sizes in the type of an operand or result: "?" where it does not tell."""
    unknown = case.unknown.split(",")
    hidden = [case.dynamic and dim in ("B", "N", "M") or f"{name}.{dim}" in unknown for dim in dims]
    return ["?" if hide else sizes(case)[dim] for dim, hide in zip(dims, hidden)]


def tensor(sizes: list[int | str], element: str) -> str:
    return f"tensor<{'x'.join([*map(str, sizes), element])}>"


def module(case: Case, name: str = "main") -> str:
    """The IR of a function that takes the operands in order and returns the results."""
    ins, outs = operands(case), results(case)
    shown = {name: sizes_shown(case, name, dims) for name, (dims, _) in {**ins, **outs}.items()}
    in_type = {name: tensor(shown[name], element) for name, (_, element) in ins.items()}
    out_type = {name: tensor(shown[name], element) for name, (_, element) in outs.items()}
    arguments, body = {}, []

    # Operands that are not arguments as they are.
    view = views.pairs(case.views)
    for operand in ins:
        if operand in case.same.split(","):
            body.append(f"%{operand} = tensor.cast %query : {in_type['query']} to {in_type[operand]}")
        elif operand in view:
            arguments[f"{operand}_base"] = large = tensor(views.base(view[operand], shown[operand]), ins[operand][1])
            body += views.taken(view[operand], operand, large, in_type[operand], shown[operand])
        else:
            arguments[operand] = in_type[operand]

    # Destinations; the sizes that their types do not have are those of an operand.
    indices = {}
    hidden = {dim: 0 for name, (dims, _) in outs.items() for dim, size in zip(dims, shown[name]) if size == "?"}
    for symbol in hidden:
        indices[symbol] = f"%{symbol}"
        if operand := next((name for name, (dims, _) in ins.items() if symbol in dims), ""):
            body.append(f"%at_{symbol} = arith.constant {ins[operand][0].index(symbol)} : index")
            body.append(f"%{symbol} = tensor.dim %{operand}, %at_{symbol} : {in_type[operand]}")
        else:
            body.append(f"%{symbol} = arith.constant {sizes(case)[symbol]} : index")
    for result, (dims, _) in outs.items():
        dynamic = ", ".join(indices[dim] for dim, size in zip(dims, shown[result]) if size == "?")
        if case.init and result == next(iter(outs)):
            body.append(f"%{result}_init = tensor.cast %{case.init} : {in_type[case.init]} to {out_type[result]}")
        else:
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
    given_types = out_types
    count = f":{len(outs)}" if len(outs) > 1 else ""
    returned = ", ".join(f"%r#{i}" for i in range(len(outs))) if count else "%r"
    body.append(f"%r{count} = imhsa.{case.op} " + "\n         ".join(clauses))
    body.append(f"       outs({inits} : {out_types}) -> {out_types}")
    first = next(iter(outs))
    if "result" in view:
        large = tensor(views.base(view["result"], shown[first]), outs[first][1])
        body += views.put(view["result"], returned.split(",")[0], out_type[first], large, shown[first])
        returned = ", ".join(["%large", *returned.split(", ")[1:]])
        given_types = ", ".join([large, *list(out_type.values())[1:]])
    body.append(f"return {returned} : {given_types}")
    listed = ", ".join(f"%{n}: {t}" for n, t in arguments.items())
    lines = "\n  ".join(body)
    return f"// {case}\nfunc.func @{name}({listed}) -> ({given_types}) {{\n  {lines}\n}}\n"
