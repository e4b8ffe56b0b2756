"""Writes what Python's `re` makes of patterns in adapters, by the expressions that peft 0.21.2 matches.

    python3.11 test/lora/write-pattern-goldens.py

For each pattern and use: null where Python refuses it, else the names that match, as a number in base 16 whose bit i is
name i's; for "layers" the layer's numbers.
"""
import json
import pathlib
import random
import re
import warnings

warnings.simplefilter("ignore")
NAMES = ["bert", "classifier", "score", "dropout", "bert.pooler.dense", "bert.embeddings.LayerNorm", "distilbert.transformer.layer.0.attention.q_lin", "distilbert.transformer.layer.11.ffn.lin1"]
NAMES += [f"bert.encoder.layer.{i}.{part}" for i in (0, 1, 10) for part in ("attention.self.query", "attention.self.key", "attention.output.dense", "output.dense", "intermediate.dense", "output.LayerNorm")]
NAMES += ["a", "aa", "aaa", "ab", "a.b", "A", "a b", "a-b", "x]y", "{2}", "_0"]
EXPRESSIONS = {
    "target": lambda p: (re.fullmatch, p),
    "key": lambda p: (re.match, rf"(.*\.)?({p})$"),
    "saved": lambda p: (re.match, rf"(^|.*\.){p}($|\..*)"),
    "layers": lambda p: (re.match, rf"(?:^|.*?\.){p}\.(?P<idx>\d+)\."),
}
WRITTEN = [
    "query", ".*query", r".*\.(query|value)", "(?i)QUERY", "(?i).*QUERY", ".*(?i)query", "(?i:.*QUERY)", "(?-i:query)", "(?i)(?-i:bert).*", "(?i)a(?-i:b)", "(?is)A.*", "(?s:.*)query", "(?im).*QUERY$", "(?a).*\\w", "(?u)a", "(?L)a", "(?au)a",
    "(?x) a  b # comment", "(?x)\n.*  # anything\nquery", "(?x:a b)a", "(?x)[a b]", "(?x)a\\ b", "(?x)a *", "(?x)a* ?", "(?ix)A B", " (?x)a", "(?#note)(?i)A", "a(?#note)*", "(?#note", "(?i)(?s)A", "(?i)A|B", "a|(?i)b", "(?P<name>a)b?", "(?P<n>a)(?P<n>b)", "(?P<1>a)", "(?<name>a)", "(?'n'a)", "(?P<name>a)(?P=name)",
    r"(a)\1", r"(a)\11", r"\0", r"\141", r"\377", r"\400", r"\8", r"[\1]", r"[\141]", r"[\8]", r"\x61", r"\x6", r"\u0061", r"\u006", r"\U00000061", r"\U00110000", r"\N{DIGIT ONE}", r"\p{L}", r"\q", r"\_0", r"\-", r"a\-b", r"\.", r"\Aa\Z", r"\Aa\z", r"a\Z", r"a$", "^a$", "^a^", "$a", "a$$", r"\bquery\b", r".*\bquery\b", r".*\Bery", r"\ba\b", r"[\b]", r"\d", r".*\.\d+\..*", r"\D+", r"\w+", r"[\w.]+", r"\S+", r"\s", r"a\sb", r"[\s\S]*", r"[^\W_]+", r"[^.]*", r"[\d.\w]*",
    "a*", "a+", "a?", "a{2}", "a{,2}", "a{2,}", "a{1,2}", "a{,}", "a{}", "a{x}", "a{2", "{2}", r"\{2\}", "a{2,1}", "a{2}{2}", "a**", "a*?", "a+?", "a??", "a{1,2}?", "a*+", "a++", "a?+", "a{1,2}+", "a*?*", "*a", "+", "(*a)", "a|*", "^*", r"\b+", "(?:)*", "()*", "(a*)*", "(a|)*b?", "(?=a)*", "a{1001}", "a{1000}", "a{,1000}",
    "[a]", "[]a]", "[^]a]", "[]", "[", "[a", "[a-z]+", "[z-a]", "[a-]+", "[-a]+", r"[\w-a]", r"[a-\d]", r"[a\-b]+", "[[:alpha:]]", "[[a]", "[a&&b]", "[a||b]", r"x[\]]y", "[.]", "[$^]", "[a-c-e]+", "x]y", "a.b", "a\\.b", "(", ")", "a)", "(a", "()", "(|a)", "|a", "a|", "(?:a", "(?", "(?z)a", "(?i", "(?i-i:a)", "(?-:a)", "(?i-:a)", "(?-i)a", "(?i-a:a)", "(?ii)A", "\\",
    "(?=a)a", "(?!a).*", "^(?!a).*", "^(?!.*pooler).*dense", "(?!.*layer\\.1)(?=.*dense).*", "(?!a)b|a", "a(?=b)ab", "a(?!b).*", "(?<=a)b", ".*(?<!self.)query", "(?i)(?!BERT).*", "(?!(a))a", "(?>a)b", "(a)?(?(1)b|a)", ".*layer\\.(0|1)\\..*", "layer", "(layer|transformer)", "encoder.layer", "l.*r", "(?P<idx>layer)", "layer(?:s)?", "LAYER", "(?i:LAYER)", "(lay)(er)", "", ".", "..", ".*", "(((((a)))))", "dense|value", "output\\.dense|LayerNorm", "é", "\U0001f600", "[é-ê]", "a\nb", "(?s)a.b",
]
PIECES = ["a", "b", "query", "dense", ".", ".*", "\\.", "|", "(", ")", "(?:", "*", "+", "?", "{1,2}", "[a-z]", "[^.]", "\\d", "\\w+", "^", "$", "layer", "0", "(?i:", "A", "\\b", "self", "_", "*?", "output", "[.\\w]*", "{2}", "(?P<x>", "\\Z", "-", "]"]


def result(pattern, use):
    match, expression = EXPRESSIONS[use](pattern)
    try:
        re.compile(expression)
    except (re.error, OverflowError):
        return None
    if use == "layers":
        found = [match(expression, name) for name in NAMES if ".layer." in name]
        return [int(one["idx"]) if one and one["idx"] is not None else None for one in found]
    return f"{sum(1 << i for i, name in enumerate(NAMES) if match(expression, name)):x}"


random.seed(20261129)
drawn = []
while len(drawn) < 700:
    pattern = "".join(random.choice(PIECES) for _ in range(random.randint(2, 7)))
    if result(pattern, "target") is not None or random.random() < 0.1:
        drawn.append(pattern)
cases = [{"pattern": pattern, **{use: result(pattern, use) for use in EXPRESSIONS}} for pattern in WRITTEN]
cases += [{"pattern": pattern, **{use: result(pattern, use) for use in ("target", "key", "saved")}} for pattern in drawn]
out = pathlib.Path(__file__).parent / "pattern-goldens.json"
out.write_text(json.dumps({"names": NAMES, "cases": cases}, separators=(",", ":")).replace('{"pattern"', '\n{"pattern"') + "\n")
