"""A grammar of Python expressions by the type of what they come to.

A rule is a text in which `<int>` stands for any expression of that type, and `<int y:str>` for one that may also use the variable
`y`, a str. Rules say what has bounds in time and memory only. Sets have no order that CPython promises: rules use
them where their order cannot be seen."""

import re

SAMPLES = {
    "int": "0|1|-1|2|3|7|-13|255|1000|2**31|-2**31|2**53 + 1|2**63 - 1|-2**63|2**63|2**64 + 3|-2**70|10**30|True|False",
    "small": "0|1|2|3|-1|-2|5|True",
    "float": "0.0|-0.0|1.0|1.5|-2.25|0.1|2.5|3.5|-0.5|1e16|1e15|1e-5|1e-4|1e-7|123456.789|1e22|1e300|5e-324|1.7976931348623157e308|float('inf')|float('-inf')|float('nan')|2.675|1/3|9007199254740993.0",
    "str": "''|'a'|'b'|'Hello, World'|'  two  words '|\"it's\"|'\"both\\' \"'|'12'|'-3.5'|'1_000'|' 7 '|'été ß İ ŉ'|'日本語'|'a,b,,c'|'\\x00\\t\\n\\r\\x1f'|'one\\ntwo\\r\\nthree\\x0bfour\\x85'|"
    "'🙂e\\u0301'|'👩\\u200d👩'|'ΑΣ ΣΑΣ.'|'ǆ ǅ'|'\\u0663\\u0664'|'½Ⅷ²'|'\\xa0\\u2003x\\u3000'|'\\u200b\\xad'|'a=1;b=2'|'<b>x</b>'|'foo_bar'|'123abc'|'The quick brown fox'|'aAbB'|'abcabcabc'|'1e5'|'0x1F'|'nan'|'None'|'key=value'|'2024-02-29 23:59:58'|"
    "'{\"a\": [1, 2.5, null], \"b\": \"\\\\u00e9\"}'",
    "bytes": "b''|b'abc'|b'\\x00\\xff'|b'1,2'|b'\\xe6\\x97\\xa5'|b'\\xf0\\x9f\\x99'|b'it\\'s'|b' A b '",
    "ints": "[]|[1]|[3, 1, 2]|[1, 1, 2]|[-5, 0, 10**20]|[0, 1, True]|list(range(5))",
    "floats": "[]|[1.5]|[0.1, 0.2, 0.3]|[1e16, 1.0, -1e16]|[2.5, -0.0]|[float('inf'), 1.0]",
    "strs": "[]|['a']|['b', 'a', 'B']|['é', 'z', '']|['10', '9']|['a', 'a', 'b']|'the rain in spain'.split()",
    "pairs": "[]|[('a', 1)]|[('b', 2), ('a', 1)]|[('a', 3), ('a', 1), ('', 0)]",
    "tuple": "()|(1,)|(1, 'a')|('b', 2, None)|((1, 2), 3)|(1.5, [2])",
    "dict": "{}|{'a': 1}|{'b': 2, 'a': 1}|{'': 0, 'é': -1, 'k': 10**20}|dict(x=1, y=2, z=3)",
    "any_dict": "{1: 'x', (1, 2): None}|{True: 1, 'k': [1, {'n': None}]}|{1.0: 'one', 2: 'two'}|{'user': {'name': 'ann', 'tags': ['x', 'y']}, 'n': 1.5}|{None: 0}",
    "set": "set()|{1}|{1, 2, 3}|frozenset([2, 3, 4])|set(range(3))",
    "bool": "True|False",
    "none": "None",
}

RULES = {
    "int": """
<int> + <int>
<int> - <int>
<int> * <int>
<int> // <int>
<int> % <int>
<int> & <int>
<int> | <int>
<int> ^ <int>
<int> << <small>
<int> >> <small>
<int> >> 40
<small> ** <small>
pow(<int>, 5, <int>)
pow(<small>, <small>)
-<int>
+<int>
~<int>
abs(<int>)
int(<str>)
int(<float>)
int(<bool>)
int(<str>, 16)
int(<str>, base=0)
round(<float>)
round(<int>, -1)
round(<int>, <small>)
len(<str>)
len(<strs>)
len(<dict>)
len(<set>)
len(<bytes>)
len(<tuple>)
ord(<str>[:1])
ord(<bytes>[:1])
sum(<ints>)
sum(<ints>, <int>)
sum(len(y) for y in <strs>)
sum(<int y:int> for y in <ints>)
sum(1 for y in <ints> if <bool y:int>)
max(<ints>)
min(<ints>, default=<int>)
max(<int>, <int>)
min(<int>, <int>, <int>)
max(<ints>, key=lambda y: <int y:int>)
<int> if <bool> else <int>
<int> or <int>
<int> and <int>
<ints>[<small>]
<ints>.index(<int>)
<ints>.count(<int>)
<ints>.pop()
<tuple>.index(<any>)
<tuple>.count(<any>)
<str>.find(<str>)
<str>.rfind(<str>)
<str>.index(<str>)
<str>.rindex(<str>, <small>)
<str>.count(<str>)
<str>.find(<str>, <small>, <small>)
<bytes>.find(<bytes>)
<bytes>.count(<bytes>)
<bytes>[<small>]
<dict>[<str>]
<dict>.get(<str>, <int>)
<dict>.pop(<str>, <int>)
<dict>.setdefault(<str>, <int>)
<int>.bit_length()
<int>.bit_count()
int.from_bytes(<bytes>, 'big')
int.from_bytes(<bytes>, 'little', signed=True)
divmod(<int>, <int>)[0]
divmod(<int>, <int>)[1]
(lambda a, b=<int>: a - b)(<int>)
(lambda *a: len(a))(*<ints>)
(lambda **k: len(k))(**<dict>)
(lambda y: <int y:int>)(<int>)
functools.reduce(lambda a, b: a + b, <ints>)
functools.reduce(lambda a, b: a * 3 - b, <ints>, <int>)
math.gcd(<int>, <int>)
math.lcm(<int>, <int>)
math.isqrt(<int>)
math.floor(<float>)
math.ceil(<float>)
math.trunc(<float>)
math.comb(7, <small>)
math.perm(7, <small>)
math.factorial(<small>)
math.prod(<ints>)
operator.add(<int>, <int>)
operator.itemgetter(<small>)(<ints>)
operator.mul(<int>, <int>)
operator.floordiv(<int>, <int>)
json.loads(str(<int>))
len(re.findall(<pattern>, <str>))
re.search(<pattern>, <str>).start()
collections.Counter(<str>)[<str>]
collections.Counter(<strs>).most_common(1)[0][1]
next(iter(<ints>))
next((y for y in <ints> if <bool y:int>), <int>)
(y := <int>) + y
bool(<any>) + 1
sum(divmod(<int>, <int>))
len(json.dumps(<value>))
""",
    "float": """
<float> + <float>
<float> - <int>
<float> * <float>
<float> / <float>
<int> / <int>
<float> // <float>
<float> % <float>
<float> ** 2
abs(<float>) ** 0.5
<small> ** -<small>
-<float>
abs(<float>)
float(<str>)
float(<int>)
round(<float>, <small>)
round(<float>, 2)
sum(<floats>)
sum(<ints>) / len(<ints>)
max(<floats>)
min(<floats>)
max(<float>, <int>)
sum(<float y:float> for y in <floats>)
<float> if <bool> else <int>
<floats>[<small>]
divmod(<float>, <float>)[1]
math.sqrt(<float>)
math.log(<float>)
math.log(<int>, 2)
math.log10(<float>)
math.log2(<int>)
math.exp(<small>)
math.pow(<small>, <small>)
math.hypot(<small>, 4)
math.fabs(<float>)
math.fmod(<float>, <float>)
math.copysign(<float>, <float>)
math.fsum(<floats>)
math.modf(<float>)[0]
math.frexp(<float>)[0]
math.ldexp(<float>, <small>)
math.degrees(<float>)
math.radians(<float>)
math.atan2(<small>, <small>)
math.dist([<small>, 1], [2, <small>])
math.remainder(<float>, <float>)
math.nextafter(<float>, 1.0)
math.ulp(<float>)
math.inf
math.pi
json.loads(json.dumps(<float>))
(<float>).real
float(str(<float>))
float.fromhex((<float>).hex())
operator.truediv(<int>, <int>)
""",
    "str": """
<str> + <str>
<str> * <small>
<small> * <str>
<str>[<small>]
<str>[<small>:]
<str>[:<small>]
<str>[<small>:<small>]
<str>[::<small>]
<str>[::-1]
<str> if <bool> else <str>
<str> or <str>
str(<any>)
repr(<any>)
ascii(<any>)
str(<bytes>, 'utf-8', 'replace')
<str>.upper()
<str>.lower()
<str>.title()
<str>.capitalize()
<str>.swapcase()
<str>.casefold()
<str>.strip()
<str>.lstrip(<str>)
<str>.rstrip(<str>)
<str>.strip(<str>)
<str>.replace(<str>, <str>)
<str>.replace(<str>, <str>, <small>)
<str>.zfill(<small> + 6)
<str>.center(<small> + 8, '*')
<str>.ljust(<small> + 8)
<str>.rjust(<small> + 8, <str>)
<str>.expandtabs(<small>)
<str>.removeprefix(<str>)
<str>.removesuffix(<str>)
<str>.join(<strs>)
<str>.join(str(y) for y in <ints>)
''.join(<str y:str> for y in <str>)
''.join(reversed(<str>))
''.join(sorted(<str>))
<str>.translate(str.maketrans('abe', 'xyz'))
<str>.translate(str.maketrans('ab', 'cd', <str>))
<str>.translate({97: None, 98: 'BB', 99: 120})
<str>.partition(<str>)[0]
<str>.rpartition(<str>)[2]
<strs>[<small>]
<strs>.pop(<small>)
max(<strs>)
min(<strs>, key=len)
max(<strs>, key=lambda y: <int y:str>)
min(<str>, <str>)
<bytes>.decode()
<bytes>.decode('utf-8', 'replace')
<bytes>.decode('latin-1')
<bytes>.decode('ascii', 'ignore')
<bytes>.hex()
bytes.hex(<bytes>)
chr(<int>)
chr(<small> + 960)
hex(<int>)
bin(<int>)
oct(<int>)
type(<any>).__name__
'%s' % (<any>,)
'%r' % (<any>,)
'%s-%s' % (<any>, <any>)
'%d' % <int>
'%d' % <float>
'%5d|%-6d|%06d|%+d|% d' % (<int>, <int>, <int>, <int>, <int>)
'%x %X %o %#x' % (<int>, <int>, <int>, <int>)
'%f' % <float>
'%.3f|%10.2f|%-10.1f|%+.0f' % (<float>, <float>, <float>, <float>)
'%e %E %g %G' % (<float>, <float>, <float>, <float>)
'%.3e|%.2g|%#g|%.0f' % (<float>, <float>, <float>, <float>)
'%s' % <any>
'%-8s|%8s|%.2s' % (<str>, <str>, <str>)
'%c' % <str>
'%c' % <small>
'%*d' % (<small>, <int>)
'%(a)s %(b)r' % {'a': <any>, 'b': <any>}
'%(a)d' % <dict>
'%%' % <tuple>
'%a' % <str>
'%i%%' % <int>
'{}'.format(<any>)
'{0} {1} {0}'.format(<any>, <any>)
'{!r:>10}'.format(<str>)
'{a} {b!s}'.format(a=<any>, b=<any>)
'{0[0]}'.format(<ints>)
'{0[a]}'.format(<dict>)
'{:{}}'.format(<str>, <small> + 7)
'{:>{w}}'.format(<int>, w=<small> + 7)
'{:<spec>}'.format(<int>)
'{:<spec>}'.format(<float>)
'{:<spec>}'.format(<str>)
format(<int>, '<spec>')
format(<float>, '<spec>')
format(<str>, '<spec>')
f'{<int>:<spec>}'
f'{<float>:<spec>}'
f'{<str>:<spec>}'
f'{<any>}'
f'{<any>!r}'
f'{<str>!a} and {<int>}'
f'{<float>:.{<small> + 3}f}'
f'{<int>=}'
f'{<float>:,.2f} {{}}'
json.dumps(<value>)
json.dumps(<value>, sort_keys=True)
json.dumps(<value>, indent=<small>)
json.dumps(<value>, separators=(',', ':'))
json.dumps(<value>, ensure_ascii=False)
json.dumps(<any>, default=str)
re.sub(<pattern>, <str>, <str>)
re.sub(<pattern>, lambda m: '[' + m.group() + ']', <str>)
re.sub(<pattern>, r'<\\g<0>>', <str>, count=1)
re.sub(r'(\\w)(\\w)', r'\\2\\1', <str>)
re.search(<pattern>, <str>).group()
re.match(<pattern>, <str>)[0]
re.escape(<str>)
operator.itemgetter(<small>)(<str>)
operator.methodcaller('upper')(<str>)
datetime.datetime(2024, 2, 29, 13, 5, 6).strftime('%Y-%m-%d %H:%M:%S %j %a %b %p %I %y %%')
datetime.datetime(2024, 1 + abs(<small>), 3).isoformat()
str(datetime.timedelta(seconds=<int>))
str(datetime.datetime.strptime(<str>, '%Y-%m-%d %H:%M:%S'))
str(datetime.date(2023, 12, 31) + datetime.timedelta(days=<small>))
urllib.parse.quote(<str>)
urllib.parse.quote_plus(<str>)
urllib.parse.unquote(<str>)
urllib.parse.urlparse('http://u@h:80/p/' + <str>).path
urllib.parse.urlencode(<dict>)
string.ascii_letters[<small>:5]
string.capwords(<str>)
(lambda y: <str y:str>)(<str>)
(lambda a, *b, c=<any>, **d: repr((a, b, c, d)))(<any>, <any>, z=<any>)
(lambda a, b=1: repr((a, b)))(*<tuple>)
collections.Counter(<strs>).most_common()[0][0]
next(iter(<dict>))
str(<any>).upper()
str(collections.Counter(<strs>))
str(collections.OrderedDict(<pairs>))
str(collections.deque(<ints>, <small>))
str(type(<any>))
""",
    "bytes": """
<bytes> + <bytes>
<bytes> * <small>
<bytes>[<small>:]
<bytes>[::-1]
<str>.encode()
<str>.encode('utf-8')
<str>.encode('latin-1', 'replace')
<str>.encode('ascii', 'ignore')
<str>.encode('ascii')
<str>.encode('ascii', 'backslashreplace')
bytes(<ints>)
bytes.fromhex(<str>)
<bytes>.upper()
<bytes>.strip()
<bytes>.replace(<bytes>, <bytes>)
<bytes>.join([<bytes>, <bytes>])
<bytes>.lower()
<bytes>.title()
<bytes>.center(7)
<bytes>.partition(b',')[0]
<bytes>.zfill(5)
(<int>).to_bytes(9, 'big', signed=True)
(<int>).to_bytes(2, 'little')
b'%s|%d' % (<bytes>, <int>)
""",
    "bool": """
<int> < <int>
<int> <= <float>
<float> > <float>
<int> == <float>
<float> != <float>
<int> < <int> <= <float>
<str> < <str>
<str> == <str>
<str> in <str>
<str> not in <str>
<str> in <strs>
<str> in <dict>
<int> in <set>
<int> in <ints>
<any> == <any>
<any> != <any>
<any> is None
<any> is not None
<any> in <tuple>
<tuple> < <tuple>
<ints> < <ints>
<strs> >= <strs>
<pairs> < <pairs>
<bytes> < <bytes>
<set> < <set>
<set> == <set>
<set> <= <set>
<dict> == <dict>
<any_dict> == <any_dict>
not <any>
bool(<any>)
<bool> and <bool>
<bool> or <bool>
<bool> ^ <bool>
any(<any> for y in <ints>)
all(<bool y:str> for y in <strs>)
any(<list>)
all(<list>)
isinstance(<any>, int)
isinstance(<any>, (int, float))
isinstance(<any>, (str, bytes))
isinstance(<any>, (list, tuple, dict))
callable(<any>)
hasattr(<any>, 'upper')
<str>.startswith(<str>)
<str>.endswith(<str>)
<str>.startswith((<str>, <str>))
<str>.startswith(<str>, <small>)
<str>.isdigit()
<str>.isalpha()
<str>.isalnum()
<str>.isspace()
<str>.isupper()
<str>.islower()
<str>.istitle()
<str>.isnumeric()
<str>.isdecimal()
<str>.isidentifier()
<str>.isprintable()
<str>.isascii()
<bytes>.startswith(<bytes>)
<bytes>.isdigit()
<float>.is_integer()
math.isnan(<float>)
math.isinf(<float>)
math.isfinite(<int>)
math.isclose(<float>, <float>)
<set>.issubset(<set>)
<set>.isdisjoint(<set>)
re.match(<pattern>, <str>) is None
bool(re.search(<pattern>, <str>))
re.fullmatch(<pattern>, <str>) is not None
operator.eq(<any>, <any>)
operator.contains(<strs>, <str>)
hash(<int>) == hash(float(<small>))
hash(<str>) == hash(<str>)
hash(<tuple>) == hash(<tuple>)
""",
    "ints": """
<ints> + <ints>
<ints> * <small>
<ints>[<small>:]
<ints>[::<small>]
<ints>[:-1]
sorted(<ints>)
sorted(<ints>, reverse=True)
sorted(<ints>, key=lambda y: <int y:int>)
list(reversed(<ints>))
list(range(<small>))
list(range(<small>, <small> + 4, <small>))
list(set(<ints>) & <set>) and []
sorted(<set>)
sorted(<set> | <set>)
sorted(<set> - <set>)
sorted(<set> ^ <set>)
sorted({<small y:int> for y in <ints>})
[<int y:int> for y in <ints>]
[<int y:int> for y in <ints> if <bool y:int>]
[<int y:str> for y in <strs>]
[<int y:str z:int> for y in <strs> for z in <ints>]
[<int y:str z:int> for y, z in <pairs>]
[<int y:int z:str> for y, z in enumerate(<strs>)]
[len(y) for y in <strs>]
list(map(len, <strs>))
list(map(lambda y: <int y:int>, <ints>))
list(map(operator.add, <ints>, <ints>))
list(filter(None, <ints>))
list(filter(lambda y: <bool y:int>, <ints>))
list(map(int, <strs>))
list(<bytes>)
list(<dict>.values())
[*<ints>, <int>]
list(itertools.chain(<ints>, <ints>))
list(itertools.accumulate(<ints>))
list(itertools.islice(<ints>, 2))
list(itertools.takewhile(lambda y: <bool y:int>, <ints>))
list(itertools.dropwhile(lambda y: <bool y:int>, <ints>))
list(itertools.chain.from_iterable([<ints>, <ints>]))
(lambda l: [l.append(<int>), l][1])(<ints>)
(lambda l: [l.extend(<ints>), l][1])(<ints>)
(lambda l: [l.insert(<small>, <int>), l][1])(<ints>)
(lambda l: [l.sort(reverse=<bool>), l][1])(<ints>)
(lambda l: [l.remove(<int>), l][1])(<ints>)
(lambda l: [l.reverse(), l][1])(<ints>)
[ord(y) for y in <str>]
list(divmod(<int>, <int>))
json.loads(json.dumps(<ints>))
list(collections.Counter(<strs>).values())
<ints> if <bool> else <ints>
""",
    "floats": """
sorted(<floats>)
[<float y:float> for y in <floats>]
[float(y) for y in <ints>]
<floats>[1:]
<floats> + <ints>
sorted(<floats> + <ints>, reverse=True)
list(math.frexp(<float>))
list(math.modf(<float>))
list(map(float, <strs>))
[round(y, 2) for y in <floats>]
""",
    "strs": """
<strs> + <strs>
<strs>[<small>:]
<strs>[::-1]
sorted(<strs>)
sorted(<strs>, key=str.lower)
sorted(<strs>, key=len, reverse=True)
sorted(<strs>, key=lambda y: (<int y:str>, y))
sorted(set(<strs>))
sorted(<dict>)
sorted(<dict>, key=<dict>.get)
<str>.split()
<str>.split(<str>)
<str>.split(None, <small>)
<str>.split(',', <small>)
<str>.rsplit(None, 1)
<str>.rsplit(<str>, <small>)
<str>.splitlines()
<str>.splitlines(True)
list(<str>.partition(<str>))
list(<str>.rpartition(<str>))
list(<str>)
list(<dict>)
list(<dict>.keys())
[<str y:str> for y in <strs>]
[<str y:str> for y in <strs> if <bool y:str>]
[<str y:int> for y in <ints>]
[y for y in <str> if <bool y:str>]
list(map(str, <list>))
list(map(str.upper, <strs>))
list(map(repr, <tuple>))
[y.strip() for y in <str>.split(',')]
[f'{k}={v}' for k, v in <dict>.items()]
[k for k, _ in <pairs>]
re.findall(<pattern>, <str>)
re.split(<pattern>, <str>)
re.split(<pattern>, <str>, maxsplit=1)
[m.group() for m in re.finditer(<pattern>, <str>)]
list(dict.fromkeys(<strs>))
list(map(''.join, itertools.product('ab', <str>[:2])))
list(map(''.join, itertools.combinations(<str>[:4], 2)))
list(filter(str.isalpha, <str>))
(lambda *a: list(map(str, a)))(<any>, <any>)
[a + b for a, b in zip(<strs>, <str>)]
<strs> if <bool> else <strs>
""",
    "pairs": """
list(zip(<strs>, <ints>))
list(zip(<str>, <ints>))
list(<dict>.items())
sorted(<dict>.items())
sorted(<pairs>)
sorted(<pairs>, key=lambda y: y[1])
sorted(<pairs>, key=operator.itemgetter(1, 0), reverse=True)
sorted(<dict>.items(), key=lambda kv: (-kv[1], kv[0]))
[(y, <int y:str>) for y in <strs>]
[(<str y:int>, y) for y in <ints>]
[(y, i) for i, y in enumerate(<strs>, <small>)]
collections.Counter(<strs>).most_common()
collections.Counter(<str>).most_common(<small>)
[(k, len(list(g))) for k, g in itertools.groupby(<str>)]
[(k, sum(1 for _ in g)) for k, g in itertools.groupby(sorted(<strs>), key=len)]
list(map(lambda y: (y, 1), <strs>))
sorted(<pairs> + <pairs>)
urllib.parse.parse_qsl(<str>)
""",
    "tuple": """
(<any>, <any>)
(<any>,)
tuple(<list>)
<tuple> + <tuple>
<tuple> * <small>
<tuple>[<small>:]
<tuple>[::-1]
(lambda *a: a)(*<list>)
(lambda a, *b: (b, a))(*<list>)
divmod(<int>, <int>)
divmod(<float>, <int>)
tuple(<int y:int> for y in <ints>)
tuple(sorted(<pairs>))
<str>.partition(<str>)
(*<ints>, *<strs>)
<float>.as_integer_ratio()
re.match(r'(\\w)(\\d)?', <str>).groups()
re.search(r'(?P<k>\\w+)=(\\w+)', <str>).span()
operator.itemgetter(0, <small>)(<strs>)
max(<pairs>)
""",
    "dict": """
dict(<pairs>)
dict(zip(<strs>, <ints>))
{y: <int y:str> for y in <strs>}
{<str y:int>: y for y in <ints>}
{k: v for k, v in <dict>.items() if v}
{**<dict>, <str>: <int>}
<dict> | <dict>
dict(<dict>, a=<int>)
<dict>.copy()
dict(sorted(<dict>.items()))
dict(collections.Counter(<strs>))
dict(collections.Counter(<str>))
dict(collections.Counter(<strs>) + collections.Counter(<strs>))
dict(collections.Counter(<strs>) - collections.Counter(<strs>))
dict.fromkeys(<strs>, <int>)
(lambda d: [d.update(<dict>), d][1])(<dict>)
(lambda d: [d.setdefault(<str>, <int>), d][1])(<dict>)
(lambda d: [d.pop(<str>), d][1])(<dict>)
(lambda d: [d.popitem(), d][1])(<dict>)
(lambda **k: k)(**<dict>)
json.loads(json.dumps(<dict>))
(lambda d: [d[y].append(1) for y in <strs>] and {k: len(v) for k, v in d.items()})(collections.defaultdict(list))
collections.Counter(<strs>)
collections.defaultdict(int, <dict>)
""",
    "any_dict": """
{<key>: <any>, <key>: <any>}
{y: <any> for y in <ints>}
{k: sorted(g) for k, g in itertools.groupby(<strs>, key=len)}
json.loads(json.dumps(<any_dict>))
json.loads(<str>)
re.match(r'(?P<a>\\w)(?P<b>\\W)?', <str>).groupdict()
urllib.parse.parse_qs(<str>)
dict(enumerate(<list>))
{**<any_dict>, **<dict>}
""",
    "set": """
set(<ints>)
frozenset(<ints>)
<set> | <set>
<set> & <set>
<set> - <set>
<set> ^ <set>
<set>.union(<ints>)
<set>.intersection(<ints>, <set>)
<set>.difference(<ints>)
{<int y:int> for y in <ints>}
(lambda s: [s.add(<int>), s][1])(set(<ints>))
(lambda s: [s.discard(<int>), s][1])(set(<ints>))
(lambda s: [s.remove(<int>), s][1])(set(<ints>))
""",
    "none": """
None
re.match(<pattern>, '')
<ints>.sort()
<dict>.get(<str>)
<dict>.update(<dict>)
json.loads('null')
""",
}
# Variables of a function of statements, each of a type. A statement keeps to them, or nearly so.
LOCALS = {"a": "int", "b": "int", "s": "str", "t": "str", "l": "ints", "w": "strs", "d": "dict", "f": "float", "v": "any", "x": "any"}

# Statements: one a line, and those of several lines between blank lines. `<block>` stands for a few more, `<loop>` for the body of a loop.
LINES = """
a = <int>
a = b = <int>
s = <str>
l = <ints>
w = <strs>
d = <dict>
f = <float>
v = <any>
a += <int>
a -= <float>
b *= <int>
b //= <int>
a %= <int>
a <<= <small>
a |= <int>
f /= <float>
s += <str>
s *= <small>
s %= <any>
l += <strs>
l *= <small>
w += <str>
d |= <dict>
v += <any>
l[<small>] = <int>
l[<small>] += <int>
l[<small>:<small>] = <ints>
l[::<small>] = <ints>
l[<small>:] += <ints>
d[<str>] = <int>
d[<str>] += <int>
d[<str>] = d.get(<str>, 0) + 1
w[<small>], l[<small>] = <str>, <int>
del l[<small>]
del l[<small>:<small>]
del l[::<small>]
del d[<str>]
del v
del a, b
a, b = b, a
a, b = <ints>
a, *l = <ints>
*l, a = <ints>
a, *l, b = <ints>
[s, *w] = <strs>
s, *w = <str>
(a, s), *w = (<int>, <str>), <str>
a, (b, *l) = <int>, <ints>
w.append(<str>)
w.insert(<small>, <str>)
w.sort(key=<sortkey>)
l.sort(reverse=<bool>)
l.extend(<str>)
d.update(<pairs>)
d.update(a=<int>, **<dict>)
a = l.pop(<small>)
a, s = d.popitem()
assert <bool>, <str>
assert <any>
raise ValueError(<any>)
raise KeyError(<any>, <int>)
raise TypeError
raise <any>
return <any>
print(<any>, <any>, sep=<str>, end=<str>, file=sys.stderr)
print(<any>, file=sys.stderr)
v = [y() for y in [lambda i=i: i for i in <ints>]]
v = [y() for y in [lambda: i for i in <ints>]]
v = [a for a in <ints> for b in <strs> if <bool>], a
v = {s: a for s, a in <pairs> if <bool>}
v = sorted(<pairs>, key=lambda p: p[1], reverse=<bool>)
v = max(<pairs>, key=lambda p: p[1], default=<any>)
v = sum(<pairs>, ())
v = sum([<ints>, <ints>], <ints>)
v = (lambda a, b=<int>, *c, s, **k: (a, b, c, s, sorted(k)))(<int>, s=<str>, **<dict>)
v = (lambda a, b=<int>, *c, s=1: (a, b, c, s))(*<ints>, *<strs>)
v = print(*<list>, sep=<str>, file=sys.stderr)
v = str(*<list>)
v = {**<dict>, "k": <any>, **<dict>}
v = [*<list>, <any>, *<str>]
v = <int> < <int> == <float> != <any>
v = not <any> in <list>
v = f"{<int>:>{<small> + 9}}|{<float>:{8}.{3}}|{<str>!r:*^{20}}|{<any>!s:.5}"
v = "{0.real} {1[0]} {2[k]!r:>5}".format(<int>, <list>, <dict>)
v = "{:{}{}{}}".format(<any>, "*", "^", <small> + 8)
v = a if <bool> else b if <bool> else s
v = collections.namedtuple("P", "p q")(<any>, <any>)
v = v._replace(p=<any>) if hasattr(v, "_replace") else None
v = collections.deque(<list>, maxlen=<small>)
v = collections.Counter(<str>).most_common(2)
v = collections.defaultdict(list, {"a": <ints>})["a"]
v = collections.OrderedDict(<pairs>)
v.move_to_end(<str>)
v.rotate(<small>)
v.appendleft(<any>)
v = datetime.timedelta(days=<small>, seconds=<float>) * <small> / 3
v = datetime.timedelta(hours=<small>) // <any>
v = datetime.datetime(2024, 1, 31, 5) + datetime.timedelta(days=<small>, minutes=<int>)
v = datetime.datetime.strptime(<str>, "%Y-%m-%d %H:%M:%S") - datetime.datetime(2020, 1, 1)
v = datetime.date(2024, 2, 29).replace(year=2000 + <small>).isocalendar()
v = urllib.parse.urlsplit("http://ex.org:" + <str> + "/a;b?" + <str>)
v = urllib.parse.urljoin("http://h/a/b", <str>)
v = re.split(r"(\\W)", <str>, <small>)
v = re.sub(r"(?P<first>\\w)(\\w?)", lambda m: m["first"].upper() + str(m.lastindex), <str>)
v = re.compile(<pattern>, re.I | re.M).findall(<str>)
v = [(m.start(), m.groups()) for m in re.finditer(r"(\\w)(\\d)?", <str>)]
v = json.dumps({<key>: <value>}, indent=<small>, sort_keys=<bool>)
v = json.loads(<str> + "," + <str>)
v = json.dumps(<any>, default=lambda o: <any>)
v = json.dumps(<any>, skipkeys=<bool>, allow_nan=<bool>)
v = type(<any>)(<any>)
v = isinstance(<any>, type(<any>))
v = getattr(<any>, <str>, <any>)
v = getattr(<any>, "upper")()
v = int(<str>, <small> * 8)
v = int(<any>)
v = float(<any>)
v = str(<bytes>, "utf-8")
v = bytes(<str>, "utf-8")
v = list(map(lambda *y: y, <list>, <list>))
v = list(itertools.zip_longest(<list>, <list>, fillvalue=<any>))
v = functools.partial(max, <int>)(<any>)
v = functools.reduce(lambda p, q: p + q, <list>, <any>)
v = operator.itemgetter(<small>, <small>)(<list>)
v = operator.attrgetter("real")(<any>)
v = round(<float>, <any>)
v = divmod(<any>, <any>)
v = pow(<small>, <small>, <int>)
v = <any>[<any>]
v = <any>[<small>:<any>]
v = <any> + <any>
v = <any> * <small>
v = <any> < <any>
v = <any> in <any>
v = <any>(<any>)
v = len(<any>)
v = iter(<any>)
v = next(<any>)
v = set(<any>) == set(<any>)
v = dict(<any>)
v = hash(<any>) is None
v = abs(<any>), -<any>
v = ~<any>
v = range(<small>, <float>)
v = enumerate(<any>, <any>)
v = "".join(<any>)
v = <str>.split(<any>)
v = <str>.replace(<any>, <str>)
v = <str>.startswith(<any>)
v = <str>.format(<any>, <any>)
v = <str> % <any>
v = <any>.split()
v = <any>.get(<any>)
v = <any>.items()
v = <any>.append(<any>)
v = <any>.real
v = <any>.keys
"""
BLOCKS = """
for a, b in <pairs>:
    pass

if <bool>:
    <block>

if <any>:
    <block>
elif <bool>:
    <block>
else:
    <block>

if (b := <int>) > <int>:
    <block>

for a in <ints>:
    <loop>

for i, s in enumerate(<strs>, <small>):
    <loop>
else:
    <block>

for s in <str>[:5]:
    if <bool>:
        break
    <loop>
else:
    <block>

for s, a in d.items():
    <loop>

for v in <any>:
    <loop>

for l[0] in <ints>:
    pass

for s, a in zip(<strs>, <ints>, strict=<bool>):
    if <bool>:
        continue
    <loop>

n = <small>
while n < 4:
    n += 1
    if <bool>:
        continue
    <loop>
else:
    <block>

n = <small>
while (n := n - 1) > 0:
    <loop>
    if <bool>:
        break

try:
    <block>
except ValueError as e:
    t = str(e)

try:
    <block>
except (TypeError, LookupError) as e:
    t = repr(e)
    v = e.args
else:
    <block>
finally:
    <block>

try:
    <block>
except Exception as e:
    raise RuntimeError(str(e)) from e

try:
    <block>
except ArithmeticError:
    <block>
    raise
except:
    t = "any"

try:
    <block>
finally:
    <block>

try:
    return <any>
finally:
    <block>

try:
    int(<str>), d[<str>], l[<small>], <any>.upper()
except (KeyError, IndexError, ValueError, AttributeError) as e:
    t = type(e).__name__ + str(e)

def g(y, z=<int>, *r, k=<int>, **q):
    <block>
    return y, z, r, k, q
v = g(<any>)

def g(y, z=<int>, *r, k=<int>, **q):
    return y, z, r, k, q
v = g(*<list>, **<dict>)

def g(y, /, z, *, k):
    return [y, z, k]
v = g(<int>, <bool>, k=<any>)

def g(y, /, z, *, k):
    return [y, z, k]
v = g(*<ints>, **<dict>)

def g():
    nonlocal a, s
    a += 1
    <block>
    return a
v = g(), g()

def g(y):
    if y <= 0:
        return [a]
    return [y] + g(y - 1)
l = g(<small>)

def g(y):
    while y > 0:
        y -= 1
        b = yield y
    return a
l = list(g(<small>))

def g(y):
    try:
        for z in y:
            yield z, a
    finally:
        w.append("end")
v = list(g(<list>))

def g(y):
    b = yield from y
    yield b
v = [*g(<list>)]

def g(y):
    got = yield 1
    while got != y:
        got = yield got
z = g(<int>)
v = [next(z), z.send(<int>), z.send(<any>)]
"""
SORTKEYS = "len|str.lower|lambda y: y[::-1]|lambda y: (len(y), y)|lambda y: -len(y)|int|None|lambda y: None"
PATTERNS = r"""r'\w+'|r'\d+'|r'[aeiou]'|r'\s*,\s*'|r'(a|b)+'|r'^\W*'|r'o$'|r'(?i)HELLO'|r'\b\w'|r'(\w)\1'|r'.'|r''|r'[^a-z ]+'|r'(?<=a)b'|r'a(?!b)'|r'(?P<n>[A-Z])'|r'x*?'|r'\S{2,3}'|r'(?:ab|abc)c?'|r'[\u00e0-\u00ff]'|r'(?m)^t\w*$'|r'(?s)one.two'|r'('|r'[z'|r'*a'"""
SPECS = ">10|<8|^9|05d|+d|,|.2f|.3e|g|%|x|#b|o|*^12|08.3f|_|c|s|#x|X|.0f|+.1f| d|=+8|010|.3|10.4|n|e|G|#.3g|_x|_b|,.1f|é>6|.1%|0<5|-|<|.3s|z.1f|d|b|020,"
KEYS = "1|'k'|(1, 'a')|None|2.0|True|b'k'"
CHOICES = {"spec": SPECS, "sortkey": SORTKEYS}
HOLE = re.compile(r"<([a-z_]+)((?: [a-z]:[a-z_]+)*)>")
VALUE = ["int", "float", "str", "ints", "strs", "dict", "any_dict", "none", "bool", "tuple", "floats"]
ANY = [*VALUE, "pairs", "bytes"]


class Grammar:
    """Expressions from a source of randomness. Types are kept to, but for one in `wrong`."""

    def __init__(self, rng, wrong=40):
        self.rng, self.wrong = rng, wrong
        self.statements = [*LINES.strip().split("\n")] * 2 + BLOCKS.strip().split("\n\n") * 3
        self.rules = {kind: rules.strip().split("\n") for kind, rules in RULES.items()}
        self.samples = {kind: samples.split("|") for kind, samples in SAMPLES.items()}

    def kind(self):
        return self.rng.choice(ANY)

    def sample(self, kind):
        return self.rng.choice(self.samples[kind])

    def expression(self, kind, depth, variables):
        rng = self.rng
        if kind == "pattern":
            return self.rng.choice(re.findall(r"r'[^']*'", PATTERNS))
        if kind == "key":
            return rng.choice(KEYS.split("|"))
        if kind in ("any", "list", "value"):
            kind = rng.choice({"any": ANY, "list": ["ints", "strs", "floats", "pairs"], "value": VALUE}[kind])
        if kind != "small" and rng.randrange(self.wrong) == 0:
            kind = self.kind()
        named = [name for name, of in variables.items() if of == kind]
        if depth == 0 or kind == "small" or rng.random() < 0.1:
            if named and rng.random() < 0.7:
                return rng.choice(named)
            return "(" + self.sample(kind) + ")"
        rule = rng.choice(self.rules[kind])
        return "(" + HOLE.sub(lambda hole: self.fill(hole, depth, variables), rule) + ")"

    def fill(self, hole, depth, variables):
        kind, named = hole.group(1), dict(pair.split(":") for pair in hole.group(2).split())
        if kind in CHOICES:
            return self.rng.choice(CHOICES[kind].split("|"))
        if kind not in self.samples and kind not in ("any", "list", "value", "pattern", "key"):
            return hole.group()
        return self.expression(kind, depth - 1, {**variables, **named})

    def function(self, depth):
        """A value's text, and the text of an expression over `x`, the value."""
        kind = self.kind()
        return self.sample(kind), self.expression(self.kind(), depth, {"x": kind})

    def program(self, depth):
        """A value's text, and the lines of a function's body over `x`, the value."""
        kind = self.kind()
        variables = {**LOCALS, "x": kind}
        lines = [f"{name} = {self.sample(of if of in self.samples else self.kind())}" for name, of in LOCALS.items() if name != "x"]
        lines += self.block(depth, variables, 2 * depth)
        return self.sample(kind), [*lines, "return a, b, s, t, l, w, d, f, v"]

    def block(self, depth, variables, most):
        lines = []
        for _ in range(self.rng.randrange(1, most + 1)):
            for line in self.statement(depth, variables):
                indent = line[: len(line) - len(line.lstrip())]
                if line.strip() in ("<block>", "<loop>"):
                    inner = self.block(depth - 1, variables, 2)
                    # What grows at every turn is cut.
                    cut = ["l, w, s = l[:9], w[:9], s[:99]", "a, b = hash(a), hash(b)"] if "loop" in line else []
                    lines += [indent + inner for inner in cut + inner]
                else:
                    lines.append(indent + HOLE.sub(lambda hole: self.fill(hole, 2, variables), line))
        return lines

    def statement(self, depth, variables):
        while True:
            lines = self.rng.choice(self.statements).split("\n")
            if depth > 0 or not any(line.strip() in ("<block>", "<loop>") for line in lines):
                return lines
