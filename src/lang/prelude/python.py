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
