"""Writes golden-tables.json: cases of CSV as pandas.read_csv and Python's csv module read them.

Run with pandas 2 or later: python3 golden-tables.py > golden-tables.json
"""
import csv
import io
import json
import random

import pandas

CASES = [
    ("plain", "text,label\na,0\nb,1\n", ",", True),
    ("a bare quote", 'text\tlabel\nThe 27" screen\tneg\nfine\tpos\n', "\t", True),
    ("bare quotes in CSV", 'text,label\nThe 27" screen,neg\n5\' 11" tall,pos\na""b,neg\n', ",", True),
    ("a quoted beginning", 'text,label\n"Great" film,pos\n"a""b"c"d,neg\n', ",", True),
    ("quotes doubled", 'text,label\n"say ""hi""",1\n"""x""",0\n"",1\n', ",", True),
    ("a quoted cell of lines", 'text,label\n"one\ntwo\r\nthree\rfour",1\nb,0\n', ",", True),
    ("Windows", 'text,label\r\na,1\r\n"b",0\r\n', ",", True),
    ("returns alone", "text,label\ra,1\rb,0\r", ",", True),
    ("no last line end", "text,label\na,1\nb,0", ",", True),
    ("empty lines", "\n\ntext,label\n\na,1\n\n\nb,0\n\n", ",", True),
    ("empty cells", "text,label,id\n,1,\na,,x\n,,\n", ",", True),
    ("semicolons", 'text;label\na,b;1\n"c;d";0\n', ";", True),
    ("without quoting", 'text\tlabel\n"open\tneg\nsay "hi"\tpos\n"all"\tneg\n', "\t", False),
    ("spaces kept", "text,label\n  a  ,1\n\tb,0\n", ",", True),
    ("a space before a quote", 'text,label\nx "a" y, 1\nz, "b"\n', ",", True),
    ("non-ASCII", "text,label\nna\u00efve \u4e2d\u6587 \U0001f600,\u00e9\nb,\u00e8\n", ",", True),
    ("a quote at the end of a cell", 'text,label\nabc",1\nab"c",0\n', ",", True),
    ("unusual line characters", "text,label\na\u2028b\u0085c\u000bd,1\nb,0\n", ",", True),
    ("bars", "text|label\na|1\nb|0\n", "|", True),
]


def random_cases(count):
    draw = random.Random(20261129)
    for number in range(count):
        delimiter = draw.choice([",", "\t", ";"])
        alphabet = ["a", "b", '"', '"', " ", "\u00e9", "'"]
        rows = []
        for _ in range(draw.randint(1, 6)):
            cells = []
            for _ in range(2):
                if draw.random() < 0.4:
                    inner = "".join(draw.choice(["a", '""', delimiter, "\n", "\u4e2d", " "]) for _ in range(draw.randint(0, 6)))
                    cells.append(f'"{inner}"')
                else:
                    cells.append("x" + "".join(draw.choice(alphabet) for _ in range(draw.randint(0, 8))))
            rows.append(delimiter.join(cells))
        end = draw.choice(["\n", "\r\n"])
        yield (f"random {number}", f"text{delimiter}label{end}" + end.join(rows) + end, delimiter, True)


def by_pandas(text, delimiter, quote):
    frame = pandas.read_csv(io.BytesIO(text.encode("utf-8")), sep=delimiter, dtype=str, keep_default_na=False, quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE)
    return [list(frame.columns)] + frame.values.tolist()


def by_csv(text, delimiter, quote):
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE)
    return [row for row in rows if row]


def cases():
    for name, text, delimiter, quote in [*CASES, *random_cases(60)]:
        rows = by_csv(text, delimiter, quote)
        frame = by_pandas(text, delimiter, quote)
        yield {"name": name, "text": text, "delimiter": delimiter, "quote": quote, "rows": rows, "pandas": rows == frame}


print(json.dumps({"pandas": pandas.__version__, "cases": list(cases())}, indent=0, ensure_ascii=True))
