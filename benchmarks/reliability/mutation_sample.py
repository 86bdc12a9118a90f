"""A random sample of the mutations that Cosmic Ray makes of the package.

Not mutated: docstrings, annotations, the text of errors and warnings, assertions, options of the
compiler, and what only stores or shows (`@cache`, `@njit`, `TYPE_CHECKING`). Operators of numbers
become others of numbers, those of bits others of bits, and `is` becomes `is not`: `+` to `>>` would
only add kills that say nothing.
"""

import ast
import difflib
import re
from collections import defaultdict
from functools import cache

import numpy as np

PACKAGES = ("descriptors", "dynamics", "files", "learning", "states", "structure")
SEED = 18
FIELDS = ("package", "file", "line", "column", "operator", "occurrence", "before", "after")
RESULTS = ("outcome", "seconds", "test", "note")
ARITHMETIC = {"Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow"}
IDENTITY = {"Is", "IsNot"}


def modules(tree, package):
    """Return the files of a package of cagebreak, or its module of that name."""
    path = tree / "src" / "cagebreak" / package
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


@cache
def operators():
    """Return the operators of Cosmic Ray that are used, by name."""
    from cosmic_ray.plugins import get_operator, operator_names

    every = {name.split("/")[1]: get_operator(name) for name in sorted(operator_names())}
    return {name: o() for name, o in every.items() if not o.arguments() and _sensible(name)}


def places(file):
    """Return the mutations of a file by place: {(line, column): [(operator, occurrence)]}."""
    from cosmic_ray.ast import ast_nodes, get_ast

    source = file.read_text(encoding="utf-8")
    left_out = _left_out(ast.parse(source))
    nodes = list(ast_nodes(get_ast(source)))
    by_place = defaultdict(list)
    for name, operator in operators().items():
        positions = (p for node in nodes for p in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(positions):
            if not any(first <= start < end for first, end in left_out):
                by_place[start].append((name, occurrence))
    return dict(sorted(by_place.items()))


def _sensible(name):
    match name.split("_"):
        case ["ReplaceBinaryOperator", before, after]:
            return (before in ARITHMETIC) == (after in ARITHMETIC)
        case ["ReplaceComparisonOperator", before, after]:
            return (before in IDENTITY) == (after in IDENTITY)
    return True


def _left_out(parsed):
    """Return the spans of a module that are not mutated."""
    nodes = []
    for node in ast.walk(parsed):
        match node:
            case ast.Raise() | ast.Assert():
                nodes.append(node)
            case ast.AnnAssign() | ast.arg() if node.annotation:
                nodes.append(node.annotation)
            case ast.FunctionDef():
                nodes += [node.returns] if node.returns else []
                decorators = node.decorator_list
                nodes += [d for d in decorators if re.search("njit|cache", ast.unparse(d))]
            case ast.Call() if re.search(r"(^|[._])(warn|cast|TypeVar)$", ast.unparse(node.func)):
                nodes.append(node)
            case ast.If() if ast.unparse(node.test) == "TYPE_CHECKING":
                nodes.append(node)
            case ast.Assign() if "Literal" in ast.unparse(node.value):
                nodes.append(node)
    spans = [((n.lineno, n.col_offset), (n.end_lineno, n.end_col_offset)) for n in nodes]
    # A decorator and an `if` begin before their expression.
    return [((line, max(column - 1, 0)), end) for (line, column), end in spans]


def draw(tree, number):
    """Return the sample, rows with FIELDS and empty RESULTS."""
    from cagebreak.seeding import stream

    every = {p: [(f, places(f)) for f in modules(tree, p)] for p in PACKAGES}
    counts = np.array([sum(len(of_file) for _, of_file in every[p]) for p in PACKAGES])
    shares = np.ceil(number * counts / counts.sum()).astype(int)
    rows = []
    for package, share in zip(PACKAGES, shares.tolist(), strict=True):
        options = [(f, place, of[place]) for f, of in every[package] for place in of]
        random = stream(SEED, "mutation", package)
        for i in np.sort(random.permutation(len(options))[:share]).tolist():
            file, (line, column), variants = options[i]
            operator, occurrence = variants[random.integers(len(variants))]
            source = file.read_text(encoding="utf-8")
            mutated = mutate(source, operator, occurrence)
            try:
                compile(mutated, file, "exec")
            except SyntaxError:  # the star of a signature is no operator
                continue
            lines = change(source, mutated)
            name = file.relative_to(tree / "src" / "cagebreak").as_posix()
            values = (package, name, line, column, operator, occurrence, *lines)
            rows.append(dict(zip(FIELDS, values, strict=True)) | dict.fromkeys(RESULTS, ""))
    print(*zip(PACKAGES, counts.tolist(), shares.tolist(), strict=True), sep="\n")
    return rows


def mutate(source, operator, occurrence):
    """Return the source with one mutation."""
    from cosmic_ray.mutating import mutate_code

    return mutate_code(source, operators()[operator], occurrence)


def change(source, mutated):
    """Return the lines that differ, before and after."""
    lines = source.splitlines(), mutated.splitlines()
    for tag, *bounds in difflib.SequenceMatcher(None, *lines, False).get_opcodes():
        if tag != "equal":
            changed = (lines[0][slice(*bounds[:2])], lines[1][slice(*bounds[2:])])
            return tuple(" ".join(" ".join(part).split()) for part in changed)
    raise ValueError("nothing changed")
