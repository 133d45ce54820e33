"""What the execution tests run: cases, and how the suite of them is chosen.

A case is one function on one set of sizes. The suite covers every pair of
levels of every two factors (pairwise covering), for each group of operations;
the full suite takes every combination of operands, with the other factors
drawn at random. Both are deterministic.
"""
from __future__ import annotations

import dataclasses
import inspect
import itertools
import random
from dataclasses import dataclass

TOKENS = [65, 7, 1, 2, 49, 64, 196, 197, 257, 1031, 4099]


@dataclass(frozen=True)
class Case:
    """One function; every size is the one of docs/mathematics.md. str() and parse() are inverse."""

    op: str = "attention"  # or weights, log_sum_exp, pool
    type: str = "f32"  # of storage: f32, f16, bf16, f64
    dynamic: bool = False  # B, N and M are `?` in the types
    B: int = 1
    N: int = 1
    M: int = 1
    H: int = 1
    S: int = 1
    G: int = 1
    D: int = 1
    E: int = 1
    key_heads: int = 1
    value_heads: int = 1
    # Interaction; with landmarks, the one named key_less.
    pre: bool = False
    pre_bias: bool = False
    post: bool = False
    post_bias: bool = False
    # Landmarks, and the interaction query_less.
    landmarks: str = ""  # none, or pool, grid, bhld (operands), hld (operands shared by the batch)
    L: int = 0
    landmark_heads: int = 0  # of the key landmarks, where they are operands
    S2: int = 0
    pre2: bool = False
    pre_bias2: bool = False
    post2: bool = False
    post_bias2: bool = False
    # Element types beside the storage type.
    mix_type: str = ""
    value_type: str = ""
    landmark_type: str = ""
    out_type: str = ""
    # What is added, kept and scaled.
    bias: str = ""  # dimensions, for example "1H1M"
    keep: str = ""  # dimensions, for example "B1M"
    lengths: str = ""  # i32 or i64
    causal: bool = False
    window: str = ""  # "left,right"
    offset: str = ""  # query_offset
    lse: str = ""  # result, operand or both
    scale: str = ""
    # Dimension orders.
    query_order: str = "bhnd"
    key_order: str = "bhnd"
    value_order: str = "bhnd"
    out_order: str = "bhnd"
    # What the inputs are: see data.py.
    data: str = "normal"
    # What a GPU executor compiles for; the schedule of exact attention, log_sum_exp and pool there, for
    # example "stream,queries=32,keys=16": by default the compiler chooses.
    chip: str = ""
    schedule: str = ""
    # What imhsa-run's --schedules says, also for what landmark attention becomes.
    schedules: str = ""  # for example "stream,queries=32;read_out,warps=2"
    # What fuzz.py varies beside: sizes that types do not tell, element types, where operands and the
    # first result lie, operands that are the query itself, the destination, more options of imhsa-run.
    unknown: str = ""  # for example "query.N,output.E"
    elements: str = ""  # for example "key:f32,bias:f32"
    views: str = ""  # for example "query:slice,value:transpose,result:step"
    same: str = ""  # for example "key,value"
    init: str = ""  # an operand
    options: str = ""  # for example "threads=2,opt-level=0"

    def __str__(self):
        fields = [(f, getattr(self, f.name)) for f in dataclasses.fields(self)]
        return " ".join(
            f.name if value is True else f"{f.name}={value}" for f, value in fields if value != f.default
        )

    @staticmethod
    def parse(text: str) -> "Case":
        kinds, values = {f.name: type(f.default) for f in dataclasses.fields(Case)}, {}
        for word in text.split():
            name, given, value = word.partition("=")
            if name not in kinds or (kinds[name] is bool) == bool(given):
                raise ValueError(f"case: expected FIELD=VALUE, or a FIELD that is true or false, found '{word}'")
            values[name] = True if kinds[name] is bool else kinds[name](value)
        return Case(**values)

    def grid(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The token grid and the landmark grid of pooling on a grid."""
        return nearly_square(self.N), nearly_square(self.L)


def nearly_square(n: int) -> tuple[int, int]:
    rows = max(r for r in range(1, int(n**0.5) + 1) if n % r == 0)
    return rows, n // rows


def largest_divisor(n: int) -> int:
    return max((d for d in range(1, n) if n % d == 0), default=1)


# --------------------------------------------------------------------------------------------------
# Factors and their levels, by group of operations. Symbolic levels ("H", "other", "one") are turned
# into sizes by `case_of`. `[False, True]` and the like put the plainest level first.

NO, YES = [False, True], ["", "given"]
STORAGE = ["f32", "f16", "bf16", "f64"]
ORDER = ["bhnd", "bnhd"]

SCORES = {
    "op": ["attention", "weights", "log_sum_exp"],
    "N": TOKENS, "M": TOKENS[1:] + TOKENS[:1], "type": STORAGE, "dynamic": NO, "B": [2, 1, 3],
    "H": [3, 1, 12], "D": [16, 1, 64, 80], "E": [16, 1, 64, 80],
    "S": ["H", "other"], "G": ["H", "other"], "key_heads": ["all", "some", "one"], "value_heads": ["all", "some", "one"],
    "pre": NO, "pre_bias": NO, "post": NO, "post_bias": NO,
    "mix_type": ["", "f32"], "value_type": ["", "f32"], "out_type": ["", "f32"],
    "bias": ["", "BHNM", "1HNM", "B1NM", "BH1M", "1H1M", "111M"],
    "keep": ["", "BNM", "1NM", "B1M", "11M"],
    "lengths": ["", "i32", "i64"], "causal": NO, "window": ["", "20,9", "0,3", "1000,1000"], "offset": YES,
    "lse": ["", "result", "operand", "both"], "scale": YES,
    "query_order": ORDER, "key_order": ORDER, "value_order": ORDER, "out_order": ORDER,
    "data": ["normal", "extreme", "infinite_bias", "nothing_kept", "unread_nan", "nan"],
}  # fmt: skip

LANDMARKS = {
    "landmarks": ["pool", "grid", "bhld", "hld"],
    "N": TOKENS, "M": ["N", 7, 197, 1031], "L": [7, 1, 49, 64, 53, "more than N"], "type": STORAGE, "dynamic": NO,
    "B": [2, 1, 3], "H": [3, 1, 12], "D": [16, 1, 64, 80], "E": [16, 1, 64, 80],
    "S": ["H", "other"], "S2": ["H", "other"], "G": ["H", "other"],
    "key_heads": ["all", "some", "one"], "value_heads": ["all", "some", "one"], "landmark_heads": ["all", "some", "one"],
    "pre": NO, "pre_bias": NO, "post": NO, "post_bias": NO, "pre2": NO, "pre_bias2": NO, "post2": NO, "post_bias2": NO,
    "mix_type": ["", "f32"], "value_type": ["", "f32"], "landmark_type": ["", "f32"], "out_type": ["", "f32"],
    "lengths": ["", "i32", "i64"], "scale": YES,
    "query_order": ORDER, "key_order": ORDER, "value_order": ORDER, "out_order": ORDER,
    "data": ["normal", "extreme", "unread_nan", "nan"],
}  # fmt: skip

POOL = {
    "op": ["pool"], "landmarks": ["pool", "grid"],
    "N": TOKENS, "L": [7, 1, 49, 64, 53, "more than N"], "type": STORAGE, "dynamic": NO, "B": [2, 1, 3],
    "H": [3, 1, 12], "D": [16, 1, 64, 80], "out_type": ["", "f32"], "lengths": ["", "i32", "i64"],
    "query_order": ORDER, "data": ["normal", "unread_nan", "nan"],
}  # fmt: skip

# What cannot stand together. A rule speaks once all factors that its parameters name are known;
# a factor that a group does not have never is.
RULES = [
    # The operations have no such operands.
    lambda op, value_type: op == "attention" or value_type == "",
    lambda op, value_heads: op == "attention" or value_heads == "all",
    lambda op, value_order: op == "attention" or value_order == "bhnd",
    lambda op, out_order: op == "attention" or out_order == "bhnd",
    lambda op, out_type: op in ("attention", "pool") or out_type == "",
    lambda op, E: op == "attention" or E == 16,
    lambda op, lse: op == "attention" or lse in ("", "operand"),
    lambda op, lse: op != "log_sum_exp" or lse == "",
    lambda op, post: op != "log_sum_exp" or not post,
    lambda op, post_bias: op != "log_sum_exp" or not post_bias,
    # Heads change only where they are mixed.
    lambda pre, S: pre or S == "H",
    lambda pre2, S2: pre2 or S2 == "H",
    lambda post, S, G: post or G == S,
    lambda post2, S2, G: post2 or G == S2,
    # f32 can stand beside 16-bit types only.
    lambda type, mix_type: type in ("f16", "bf16") or mix_type == "",
    lambda type, value_type: type in ("f16", "bf16") or value_type == "",
    lambda type, landmark_type: type in ("f16", "bf16") or landmark_type == "",
    lambda type, out_type: type in ("f16", "bf16") or out_type == "",
    lambda landmarks, landmark_type: landmarks in ("bhld", "hld") or landmark_type == "",
    lambda landmarks, landmark_heads: landmarks in ("bhld", "hld") or landmark_heads == "all",
    lambda landmarks, M: landmarks in ("bhld", "hld") or M == "N",
    lambda landmarks, N: landmarks != "grid" or N > 0,
    lambda landmarks, lengths: landmarks != "grid" or lengths == "",
    lambda causal, window, offset: causal or window or not offset,
    # The inputs need something that they can show themselves in.
    lambda data, scale: data != "extreme" or scale,
    lambda data, landmarks: data != "extreme" or landmarks in ("bhld", "hld"),
    lambda data, bias: data != "infinite_bias" or bias,
    lambda data, pre: data != "infinite_bias" or not pre,
    lambda data, keep: data != "nothing_kept" or keep,
    lambda data, keep, lengths, causal, window: data != "unread_nan" or keep or lengths or causal or window,
    lambda data, landmarks, lengths: data != "unread_nan" or lengths,
    # Without keys, whether a NaN in a query meets the empty sum depends on the order of the products.
    lambda data, landmarks, M: data != "nan" or M != 0,
]
RULES = [(tuple(inspect.signature(rule).parameters), rule) for rule in RULES]

# Levels of these need not meet pairwise: sizes of both vary enough.
UNPAIRED = [{"N", "M"}, {"N", "L"}]

# Factors that GPU executors have too, and their levels there: the general path has no f64.
ON_GPU = {"type": STORAGE[:3], "chip": ["sm_80", "sm_90a"]}

# By executor, of a case of the covering suite and of the full one: an emulated GPU takes its time.
MOST_MULTIPLY_ADDS = {"cpu": (7e7, 7e8), "emulator": (5e6, 5e7), "cuda": (7e7, 7e8)}


def case_of(level: dict) -> Case:
    """The case with these levels; factors that are not among them take defaults."""
    n, h = level["N"], level["H"]
    mixed, result = {1: (2, 4), 3: (5, 6), 12: (7, 8)}[h]  # "other" S and G

    def part(heads, factor):
        return {"all": heads, "some": largest_divisor(heads), "one": 1}[level.get(factor, "all")]

    def scores(s, post):
        return h if level.get(s, "H") == "H" else mixed if level[post] else result

    size = {"S": scores("S", "post"), "G": h if level.get("G", "H") == "H" else result}
    size["key_heads"], size["value_heads"] = part(h, "key_heads"), part(size["G"], "value_heads")
    size["M"] = n if level.get("M", "N") == "N" else level["M"]
    if "L" in level:
        size["L"] = n + 3 if level["L"] == "more than N" else level["L"]
    if "S2" in level:
        size["S2"], size["landmark_heads"] = scores("S2", "post2"), part(h, "landmark_heads")
    if level.get("offset"):
        size["offset"] = str(max(size["M"] - n, 0) // 2 + 1)
    if level.get("scale"):
        size["scale"] = "256." if level["data"] == "extreme" else f"{1.5 * level['D'] ** -0.5:.4f}"
    return Case(**{**level, **size})


def multiply_adds(case: Case) -> float:
    if case.op == "pool":
        return case.B * case.N * case.H * case.D
    per_score = case.H * case.D + case.G * case.E + case.S * (case.H + case.G)
    return case.B * (case.N + case.M) * case.L * per_score if case.landmarks else case.B * case.N * case.M * per_score


# --------------------------------------------------------------------------------------------------
# Choosing cases


def legal(level: dict, name: str) -> bool:
    """True if no rule on the factor `name` speaks against its level."""
    return all(
        rule(*(level[n] for n in names))
        for names, rule in RULES
        if name in names and all(n in level for n in names)
    )


SIZES = {"op": "attention", "landmarks": "", "N": 1, "M": 1, "L": 0, "B": 1, "H": 1, "D": 1, "E": 1}


def fits(level: dict, most: float) -> bool:
    """False if no case with these levels has at most so many multiply-adds."""
    return multiply_adds(case_of({name: level.get(name, least) for name, least in SIZES.items()})) <= most


def completed(fixed: dict, factors: dict, rng: random.Random, most: float, gain=lambda level, name: 0):
    """Legal levels of all factors, with those of `fixed`; None where the random choice has led nowhere.

    Of the legal levels of a factor one with the greatest gain is taken.
    """
    level, rest = dict(fixed), [name for name in factors if name not in fixed]
    if not fits(level, most) or not all(legal(level, name) for name in fixed):
        return None
    for name in rng.sample(rest, len(rest)):
        options = [option for option in factors[name] if legal({**level, name: option}, name)]
        if name in SIZES:
            options = [option for option in options if fits({**level, name: option}, most)]
        if not options:
            return None
        level[name] = max(options, key=lambda option: (gain({**level, name: option}, name), rng.random()))
    return level if multiply_adds(case_of(level)) <= most else None


def covering(factors: dict, seed: int, most: float, around: str = "") -> list[Case]:
    """Cases of at most so many multiply-adds in which every two levels of two factors that can stand together do.

    With `around`, only pairs with that factor count.
    """
    rng, cases = random.Random(seed), []
    pairs = [
        ((a, i), (b, j))
        for a, b in itertools.combinations(factors, 2)
        if {a, b} not in UNPAIRED and around in ("", a, b)
        for i in factors[a]
        for j in factors[b]
    ]
    rank = {name: at for at, name in enumerate(factors)}
    missing = set(pairs)

    def pair(x, y):
        return (x, y) if rank[x[0]] < rank[y[0]] else (y, x)

    def gain(level, name):
        return sum(pair((name, level[name]), other) in missing for other in level.items() if other[0] != name)

    for wanted in pairs:
        for attempt in range(100):  # Pairs that no attempt completes are taken for impossible.
            if wanted not in missing:
                break
            if level := completed(dict(wanted), factors, rng, most, gain):
                cases.append(case_of(level))
                missing -= {pair(x, y) for x, y in itertools.combinations(level.items(), 2)}
    return cases


# The factors of which the full suite takes every combination of present and absent, or of all levels.
PRESENCE = ["pre", "pre_bias", "post", "post_bias", "pre2", "pre_bias2", "post2", "post_bias2",
            "bias", "keep", "lengths", "causal", "window"]  # fmt: skip
EVERY_LEVEL = ["op", "landmarks", "type", "lse"]


def product(factors: dict, seed: int, most: float) -> list[Case]:
    """A case for every combination of operands and of f32, f16 and bf16; the rest at random."""
    rng, cases, factors = random.Random(seed), [], {**factors, "type": STORAGE[:3]}
    names = [name for name in factors if name in PRESENCE + EVERY_LEVEL]
    for choice in itertools.product(*(factors[n] if n in EVERY_LEVEL else [False, True] for n in names)):
        for attempt in range(20):
            fixed = {
                name: chosen if name in EVERY_LEVEL else rng.choice(factors[name][1:]) if chosen else factors[name][0]
                for name, chosen in zip(names, choice)
            }
            if level := completed(fixed, factors, rng, most):
                cases.append(case_of(level))
                break
    return cases


def suite(executor: str, full: bool = False) -> list[Case]:
    """The cases for an executor, group after group; then those with nothing in some dimension."""
    groups = [factors if executor == "cpu" else {**factors, **ON_GPU} for factors in (SCORES, LANDMARKS, POOL)]
    most, choose = MOST_MULTIPLY_ADDS[executor][full], product if full else covering
    cases = [case for seed, factors in enumerate(groups) for case in choose(factors, seed, most)]
    for factors in groups:
        for name in "BNM":
            if name in factors:
                cases += covering({**factors, name: [0]}, seed=0, most=most, around=name)
    return cases
