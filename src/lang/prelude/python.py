# What of Python's own is made of the program's objects.

# What globals() gives. The program's variables are in no order, so nothing walks through them.
class _Globals:
    def __contains__(self, name):
        return len(_global_find(name)) > 0

    def __getitem__(self, name):
        for value in _global_find(name):
            return value
        raise KeyError(name)

    def __setitem__(self, name, value):
        _global_set(name, value)

    def __delitem__(self, name):
        if name not in self:
            raise KeyError(name)
        _global_delete(name)

    def get(self, name, default=None):
        for value in _global_find(name):
            return value
        return default

    def setdefault(self, name, default=None):
        if name not in self:
            self[name] = default
        return self[name]

    def pop(self, name, *default):
        if default and name not in self:
            return default[0]
        value = self[name]
        del self[name]
        return value

    def update(self, other):
        for name, value in dict(other).items():
            self[name] = value


_globals = _Globals()


# Functions of the program cannot be inside of the library's own objects: what holds them is made here. _frozen gives
# the function that does the same on records.
class partial:
    def __init__(self, *args, **keywords):
        if not args:
            raise TypeError("type 'partial' takes at least one argument")
        func, args = args[0], args[1:]
        if not callable(func):
            raise TypeError("the first argument must be callable")
        # One within another is flattened.
        if isinstance(func, partial):
            args = func.args + args
            keywords = {**func.keywords, **keywords}
            func = func.func
        self.func = func
        self.args = args
        self.keywords = keywords

    def __call__(self, *args, **keywords):
        return self.func(*self.args, *args, **{**self.keywords, **keywords})

    def __repr__(self):
        named = ["%s=%r" % item for item in self.keywords.items()]
        return "functools.partial(%s)" % ", ".join([repr(self.func)] + [repr(arg) for arg in self.args] + named)

    def _frozen(self):
        func, first, named = self.func, self.args, self.keywords
        return lambda *args, **keywords: func(*first, *args, **{**named, **keywords})


# What cmp_to_key gives; made is the library's own cmp_to_key.
class _KeyMaker:
    def __init__(self, made, mycmp):
        self._made = made
        self._compare = mycmp

    def __call__(self, obj):
        return KeyWrapper(self._compare, obj)

    def _frozen(self):
        made, compare = self._made, self._compare
        return lambda obj: made(compare)(obj)


class KeyWrapper:
    def __init__(self, compare, obj):
        self._compare = compare
        self.obj = obj

    def _to(self, other):
        if not isinstance(other, KeyWrapper):
            raise TypeError("other argument must be K instance")
        return self._compare(self.obj, other.obj)

    def __lt__(self, other):
        return self._to(other) < 0

    def __le__(self, other):
        return self._to(other) <= 0

    def __gt__(self, other):
        return self._to(other) > 0

    def __ge__(self, other):
        return self._to(other) >= 0

    def __eq__(self, other):
        return self._to(other) == 0


# A name of a module of which there is only a part.
class _Absent:
    def __init__(self, name, why):
        self._message = "%s is not supported: %s" % (name, why)

    def _refuse(self):
        raise NotImplementedError(self._message)

    def __call__(self, *args, **keywords):
        self._refuse()

    def __getattr__(self, name):
        self._refuse()

    def __getitem__(self, item):
        self._refuse()

    def _frozen(self):
        self._refuse()
