//! What is refused, and how it is shown.

use dstream::lang::{Known, check, parse};

const BUILTINS: &[&str] =
    &["eval", "ImportError", "len", "NameError", "print", "range", "sorted", "str", "sum", "ValueError"];

/// Parses and checks; what is shown of the first fault.
fn shown(text: &str) -> Option<String> {
    let known = Known {
        names: &["lines", "sc", "ssc", "json"],
        is_builtin: &|name| BUILTINS.contains(&name),
        modules: &["datetime", "json", "pyspark", "pyspark.streaming", "sys", "urllib", "urllib.parse"],
        attributes: &["ownMethod"],
    };
    let fault = match parse(&super::source(text)) {
        Ok(code) => check(&code, &known).err()?,
        Err(fault) => fault,
    };
    Some(fault.to_string())
}

#[test]
fn faults_are_shown_in_their_place() {
    for (text, expected) in CASES {
        assert_eq!(shown(text).unwrap_or_default(), expected.trim_matches('\n'), "{text}");
    }
}

#[test]
fn what_may_be_right_passes() {
    for text in PASSING {
        assert_eq!(shown(text), None, "{text}");
    }
}

/// One-liners of PySpark Streaming, and a script of its examples.
#[test]
fn programs_of_pyspark_pass() {
    let script = include_str!("stateful_network_wordcount.py");
    let one_liners = include_str!("programs.txt");
    let names = [
        "lines",
        "other",
        "third",
        "sc",
        "ssc",
        "json",
        "StorageLevel",
        "add",
        "sub",
        "emit",
        "bad",
        "stop",
        "base",
        "table",
        "exit",
    ];
    let builtins = [
        "any", "eval", "float", "int", "len", "list", "max", "print", "range", "round", "sorted", "str",
        "sum",
    ];
    let known = Known {
        names: &names,
        is_builtin: &|name| builtins.contains(&name),
        modules: &["__future__", "sys", "pyspark", "pyspark.streaming"],
        attributes: &[],
    };
    for text in one_liners.lines().chain([script]) {
        let checked = parse(&super::source(text)).and_then(|code| check(&code, &known));
        assert!(checked.is_ok(), "{}", checked.err().map(|fault| fault.to_string()).unwrap_or_default());
    }
    assert!(one_liners.lines().count() > 90);
}

const CASES: &[(&str, &str)] = &[
    (
        "lines.map(lambda x: foo(x)).pprint()",
        r#"
job.py:1:21: 'foo' is not defined
    lines.map(lambda x: foo(x)).pprint()
                        ^^^
"#,
    ),
    (
        "lines.map(lambda x: sortd(x))",
        r#"
job.py:1:21: 'sortd' is not defined
    lines.map(lambda x: sortd(x))
                        ^^^^^
help: did you mean 'sorted'?
"#,
    ),
    (
        "lines.map(lambda x: x.startwith(\"a\"))",
        r#"
job.py:1:23: nothing has an attribute 'startwith'
    lines.map(lambda x: x.startwith("a"))
                          ^^^^^^^^^
help: did you mean 'startswith'?
"#,
    ),
    (
        "lines.flatMap(lambda x:\n  [w.lowercase() for w in x.spilt(\" \")])",
        r#"
job.py:2:29: nothing has an attribute 'spilt'
      [w.lowercase() for w in x.spilt(" ")])
                                ^^^^^
help: did you mean 'split'?
"#,
    ),
    (
        "lines.map(lambda x: open(x).read())",
        r#"
job.py:1:21: 'open' is not supported
    lines.map(lambda x: open(x).read())
                        ^^^^
help: programs read files only through sources, and write them only through sinks
"#,
    ),
    (
        "lines.map(lambda x: memoryview(x))",
        r#"
job.py:1:21: 'memoryview' is not supported
    lines.map(lambda x: memoryview(x))
                        ^^^^^^^^^^
help: slices of bytes do
"#,
    ),
    (
        "exec(\"a\")",
        r#"
job.py:1:1: 'exec' is not supported
    exec("a")
    ^^^^
help: write the statements themselves
"#,
    ),
    (
        "locals()[\"a\"] = 1",
        r#"
job.py:1:1: 'locals' is not supported
    locals()["a"] = 1
    ^^^^^^
help: name the variables
"#,
    ),
    (
        "import numpy as np",
        r#"
job.py:1:8: the module 'numpy' is not supported
    import numpy as np
           ^^^^^^^^^^^
help: only Python's own library is there: math, itertools, collections, and RDD methods such as stats() and histogram()
"#,
    ),
    (
        "import argparse",
        r#"
job.py:1:8: the module 'argparse' is not supported
    import argparse
           ^^^^^^^^
help: take the arguments from sys.argv
"#,
    ),
    (
        "import datetime\nlines.map(lambda x: datetime.now())",
        r#"
job.py:2:30: module 'datetime' has no attribute 'now'
    lines.map(lambda x: datetime.now())
                                 ^^^
help: did you mean 'datetime.datetime.now'?
"#,
    ),
    (
        "import json as j\nlines.map(lambda x: j.load(x))",
        r#"
job.py:2:23: module 'json' has no attribute 'load'
    lines.map(lambda x: j.load(x))
                          ^^^^
help: did you mean 'loads'?
"#,
    ),
    (
        "lines.map(lambda x: print x)",
        r#"
job.py:1:21: missing parentheses in call to 'print'
    lines.map(lambda x: print x)
                        ^^^^^^^
help: print is a function in Python 3: print(x)
"#,
    ),
    (
        "lines.filter(lambda d: d.has_key(1))",
        r#"
job.py:1:26: nothing has an attribute 'has_key'
    lines.filter(lambda d: d.has_key(1))
                             ^^^^^^^
help: write: key in it
"#,
    ),
    (
        "lines.map(lambda x: unicode(x))",
        r#"
job.py:1:21: 'unicode' is not supported
    lines.map(lambda x: unicode(x))
                        ^^^^^^^
help: it is str in Python 3
"#,
    ),
    (
        "import zzz",
        r#"
job.py:1:8: there is no module 'zzz'
    import zzz
           ^^^
help: there are datetime, json, sys, urllib, urllib.parse and those of pyspark
"#,
    ),
    (
        "import jsn",
        r#"
job.py:1:8: there is no module 'jsn'
    import jsn
           ^^^
help: did you mean 'json'?
"#,
    ),
    (
        "from pyspark.streaming.kafka import KafkaUtils",
        r#"
job.py:1:1: the module 'pyspark.streaming.kafka' is not supported
    from pyspark.streaming.kafka import KafkaUtils
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
help: read the topic with a command: --from 'exec:COMMAND', or pipe it in
"#,
    ),
    (
        "from pyspark.streaming.flume import FlumeUtils",
        r#"
job.py:1:1: the module 'pyspark.streaming.flume' is not supported
    from pyspark.streaming.flume import FlumeUtils
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
help: read lines from a socket (socketTextStream) or from a command: --from 'exec:COMMAND'
"#,
    ),
    (
        "from .a import b",
        r#"
job.py:1:1: relative imports are not supported: a program is one file
    from .a import b
    ^^^^^^^^^^^^^^^^
"#,
    ),
    (
        "print \"x\", y  # hello",
        r#"
job.py:1:1: missing parentheses in call to 'print'
    print "x", y  # hello
    ^^^^^^^^^^^^
help: print is a function in Python 3: print("x", y)
"#,
    ),
    (
        "if a: print \"x\",",
        r#"
job.py:1:7: missing parentheses in call to 'print'
    if a: print "x",
          ^^^^^^^^^^
help: print is a function in Python 3: print("x", end=" ")
"#,
    ),
    (
        "print >>sys.stderr, \"x\"",
        r#"
job.py:1:1: missing parentheses in call to 'print'
    print >>sys.stderr, "x"
    ^^^^^^^^^^^^^^^^^^
help: print is a function in Python 3: print(…, file=sys.stderr)
"#,
    ),
    (
        "exec \"a = 1\"",
        r#"
job.py:1:1: exec is not supported
    exec "a = 1"
    ^^^^
help: write the statements themselves
"#,
    ),
    (
        "try:\n  a\nexcept ValueError, e:\n  b",
        r#"
job.py:3:1: the exception's name follows 'as' in Python 3
    except ValueError, e:
    ^^^^^^^^^^^^^^^^^^^^^
help: except ValueError as e:
"#,
    ),
    (
        "raise ValueError, \"x\"",
        r#"
job.py:1:1: exceptions are called with their arguments in Python 3
    raise ValueError, "x"
    ^^^^^^^^^^^^^^^^^^^^^
help: raise ValueError("x")
"#,
    ),
    (
        "pairs.map(lambda (k, v): k)",
        r#"
job.py:1:18: parameters cannot be unpacked in Python 3
    pairs.map(lambda (k, v): k)
                     ^^^^^^
help: take one parameter and use its items: lambda pair: pair[0] …
"#,
    ),
    (
        "`a`",
        r#"
job.py:1:1: unexpected character '`'
    `a`
    ^
help: `x` of Python 2 is repr(x) in Python 3
"#,
    ),
    (
        "a <> b",
        r#"
job.py:1:4: '<>' is not an operator in Python 3
    a <> b
       ^
help: use !=
"#,
    ),
    (
        "%matplotlib inline",
        r#"
job.py:1:1: commands of IPython are not supported
    %matplotlib inline
    ^^^^^^^^^^^^^^^^^^
help: leave this line out
"#,
    ),
    (
        "!pip install pyspark",
        r#"
job.py:1:1: commands of IPython are not supported
    !pip install pyspark
    ^^^^^^^^^^^^^^^^^^^^
help: leave this line out
"#,
    ),
    (
        "print(“a”)",
        r#"
job.py:1:7: unexpected character '“'
    print(“a”)
          ^
help: use straight quotes, ' or "
"#,
    ),
    (
        "a = (1,",
        r#"
job.py:1:8: unexpected EOF while parsing
    a = (1,
           ^
"#,
    ),
    (
        "a = [1, 2",
        r#"
job.py:1:10: unexpected EOF while parsing
    a = [1, 2
             ^
"#,
    ),
    (
        "'abc",
        r#"
job.py:1:1: missing closing quote in string literal
    'abc
    ^^^^
"#,
    ),
    (
        "f'{a'",
        r#"
job.py:1:5: f-string: expecting '}'
    f'{a'
        ^
"#,
    ),
    (
        "if a:\nb",
        r#"
job.py:2:1: expected an indented block after 'if' statement
    b
    ^
"#,
    ),
    (
        "  a",
        r#"
job.py:1:1: unexpected indentation
      a
    ^^
"#,
    ),
    (
        "if True:\n  a\n b",
        r#"
job.py:3:1: unindent does not match any outer indentation level
     b
    ^
"#,
    ),
    (
        "a b",
        r#"
job.py:1:3: simple statements must be separated by newlines or semicolons
    a b
      ^
"#,
    ),
    (
        "a = ",
        r#"
job.py:1:5: expected an expression
    a =
        ^
"#,
    ),
    (
        "async def f(): pass",
        r#"
job.py:1:1: async and await are not supported
    async def f(): pass
    ^^^^^^^^^^^^^^^^^^^
"#,
    ),
    (
        "def f():\n  await a",
        r#"
job.py:2:3: async and await are not supported
      await a
      ^^^^^^^
"#,
    ),
    (
        "@cached\ndef f(): pass",
        r#"
job.py:1:1: decorators are not supported
    @cached
    ^^^^^^^
help: call it on the function: f = decorator(f)
"#,
    ),
    (
        "match a:\n  case 1: pass",
        r#"
job.py:1:1: match statements are not supported
    match a:
    ^^^^^^^^
help: use if and elif
"#,
    ),
    (
        "type A = int",
        r#"
job.py:1:1: type aliases are not supported
    type A = int
    ^^^^^^^^^^^^
"#,
    ),
    (
        "1j",
        r#"
job.py:1:1: complex numbers are not supported
    1j
    ^^
"#,
    ),
    (
        "'\\ud800'",
        r#"
job.py:1:1: lone surrogates are not supported in strings
    '\ud800'
    ^^^^^^^^
help: write a character beyond U+FFFF as one \U escape
"#,
    ),
    (
        "def f(a, a): pass",
        r#"
job.py:1:10: duplicate argument 'a' in function definition
    def f(a, a): pass
             ^
"#,
    ),
    (
        "f(a=1, a=2)",
        r#"
job.py:1:8: keyword argument repeated: a
    f(a=1, a=2)
           ^^^
"#,
    ),
    (
        "return 1",
        r#"
job.py:1:1: 'return' outside function
    return 1
    ^^^^^^^^
"#,
    ),
    (
        "yield 1",
        r#"
job.py:1:1: 'yield' outside function
    yield 1
    ^^^^^^^
"#,
    ),
    (
        "break",
        r#"
job.py:1:1: 'break' outside loop
    break
    ^^^^^
"#,
    ),
    (
        "def f():\n  x = 1\n  global x",
        r#"
job.py:3:10: name 'x' is assigned to before global declaration
      global x
             ^
"#,
    ),
    (
        "def f(x):\n  global x",
        r#"
job.py:2:10: name 'x' is parameter and global
      global x
             ^
"#,
    ),
    (
        "def f():\n  nonlocal x",
        r#"
job.py:2:12: no binding for nonlocal 'x' found
      nonlocal x
               ^
"#,
    ),
    (
        "nonlocal x",
        r#"
job.py:1:10: nonlocal declaration not allowed at module level
    nonlocal x
             ^
"#,
    ),
    (
        "[(x := 1) for x in y]",
        r#"
job.py:1:3: assignment expression cannot rebind comprehension iteration variable 'x'
    [(x := 1) for x in y]
      ^
"#,
    ),
    (
        "[x for x in (y := z)]",
        r#"
job.py:1:14: assignment expression cannot be used in a comprehension iterable expression
    [x for x in (y := z)]
                 ^
"#,
    ),
    (
        "def f():\n  return [(yield) for x in y]",
        r#"
job.py:2:12: 'yield' inside comprehension
      return [(yield) for x in y]
               ^^^^^
"#,
    ),
    (
        "a = *b",
        r#"
job.py:1:5: can't use starred expression here
    a = *b
        ^^
"#,
    ),
    (
        "*a = b",
        r#"
job.py:1:1: starred assignment target must be in a list or tuple
    *a = b
    ^^
"#,
    ),
    (
        "a, *b, *c = d",
        r#"
job.py:1:8: multiple starred expressions in assignment
    a, *b, *c = d
           ^^
"#,
    ),
    (
        "f() = 1",
        r#"
job.py:1:1: invalid assignment target
    f() = 1
    ^^^
"#,
    ),
    (
        "None = 1",
        r#"
job.py:1:1: invalid assignment target
    None = 1
    ^^^^
"#,
    ),
    (
        "class A(metaclass=B): pass",
        r#"
job.py:1:9: keywords of a class are not supported
    class A(metaclass=B): pass
            ^^^^^^^^^^^
"#,
    ),
    (
        "class A:\n  for x in y: pass",
        r#"
job.py:2:3: only methods and attributes are supported in a class
      for x in y: pass
      ^^^^^^^^^^^^^^^^
help: move this out of the class
"#,
    ),
    (
        "class A:\n  x = 1\n  y = x",
        r#"
job.py:3:7: 'x' is an attribute of the class that is being made: using it here is not supported
      y = x
          ^
help: assign it outside of the class first
"#,
    ),
    (
        "class A:\n  @property\n  def f(self): pass",
        r#"
job.py:2:3: decorators are not supported
      @property
      ^^^^^^^^^
help: call it on the function: f = decorator(f)
"#,
    ),
    (
        "x[1:2, 3]",
        r#"
job.py:1:3: slices inside of a tuple are not supported
    x[1:2, 3]
      ^^^
"#,
    ),
    (
        "try: a\nexcept: b\nexcept A: c",
        r#"
job.py:2:1: default 'except:' must be last
    except: b
    ^^^^^^^^^
"#,
    ),
    (
        "try: a\nexcept* A: b",
        r#"
job.py:1:1: except* is not supported
    try: a
    ^^^^^^
help: use except
"#,
    ),
    (
        "def f():\n  from a import *",
        r#"
job.py:2:17: import * only allowed at module level
      from a import *
                    ^
"#,
    ),
    (
        "t'{a}'",
        r#"
job.py:1:1: cannot use t-strings on Python 3.12 (syntax was added in Python 3.14)
    t'{a}'
    ^^^^^^
"#,
    ),
    (
        "lambda x: (yield x) and x.nosuchthing",
        r#"
job.py:1:27: nothing has an attribute 'nosuchthing'
    lambda x: (yield x) and x.nosuchthing
                              ^^^^^^^^^^^
"#,
    ),
];

const PASSING: &[&str] = &[
    "lines.map(lambda x: x.ownMethod().__class__.__name__)",
    "def f(x):\n  try:\n    return undefined(x.strange())\n  except NameError:\n    return x.upper()\nlines.map(f)",
    "try: sc.stop()\nexcept : pass\ntry: undefined.stop()\nexcept : pass",
    "P = make('P', 'east north')\nlines.map(lambda x: P(x).east + x.north)",
    "def f(x):\n  return later(x)\ndef later(x):\n  return helper\nfor helper in range(3): pass",
    "class A:\n  def method(self): return self.field\n  def set(self): self.field = 1\nlines.map(lambda a: a.method())",
    "from pyspark import *\nlines.map(lambda x: Anything)",
    "from pyspark import streaming\nimport urllib\nimport sys as s",
    "try:\n  import findspark\nexcept ImportError:\n  pass",
    "undefined",
    "open = len\nlines.map(lambda x: open(x))",
    "def f(x):\n  if x: y = 1\n  return y\nlines.map(f)",
];
