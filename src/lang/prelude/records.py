# What operators run on records. Nothing here may refer to a class, or to a global that is not a function.

def _add(a, b):
    return a + b


def _sub(a, b):
    return a - b


def _same(x):
    return x


def _ones(x):
    return (x, 1)


def _drop_key(pair):
    return pair[1]


def _summed(items):
    return [sum(items)]


def _pair_with_none(x):
    return (x, None)


def _first_of(pair):
    return pair[0]


def _second_of(pair):
    return pair[1]


def _keep_first(first, second):
    return first


def _wrapped(value):
    return [value]


def _appended(values, value):
    values.append(value)
    return values


def _extended(values, more):
    values.extend(more)
    return values


def _without_first(values, fewer):
    return values[len(fewer):]


def _inner(sides):
    left, right = sides
    return [(v, w) for v in left for w in right]


def _left_outer(sides):
    left, right = sides
    right = list(right) or [None]
    return [(v, w) for v in left for w in right]


def _right_outer(sides):
    left, right = sides
    left = list(left) or [None]
    return [(v, w) for v in left for w in right]


def _full_outer(sides):
    left, right = sides
    left = list(left) or [None]
    right = list(right) or [None]
    return [(v, w) for v in left for w in right]


def _only_left(sides):
    left, right = sides
    return [] if len(right) else left


def _on_both_sides(pair):
    key, (left, right) = pair
    return len(left) > 0 and len(right) > 0


def _is_positive(pair):
    return pair[1] > 0


def _is_there(pair):
    return pair[1] is not None


def _lower_and_upper(x):
    return (x, x)


def _widened(a, b):
    return (min(a[0], b[0]), max(a[1], b[1]))


def _added_up(a, b):
    return [x + y for x, y in zip(a, b)]


# Count, mean, sum of squared distances from it, largest and smallest: merged as in Chan, Golub and LeVeque,
# "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances" (1979).
def _moments(items):
    n, mean, squares, largest, smallest = 0, 0.0, 0.0, float("-inf"), float("inf")
    for x in items:
        n += 1
        distance = x - mean
        mean += distance / n
        squares += distance * (x - mean)
        largest = max(largest, x)
        smallest = min(smallest, x)
    return [(n, mean, squares, largest, smallest)]


def _merged_moments(a, b):
    if not a[0]:
        return b
    if not b[0]:
        return a
    n = a[0] + b[0]
    distance = b[1] - a[1]
    if b[0] * 10 < a[0]:
        mean = a[1] + distance * b[0] / n
    elif a[0] * 10 < b[0]:
        mean = b[1] - distance * a[0] / n
    else:
        mean = (a[1] * a[0] + b[1] * b[0]) / n
    # Added in this order, as sums of floats hang on it.
    squares = a[2] + (b[2] + distance * distance * a[0] * b[0] / n)
    return (n, mean, squares, max(a[3], b[3]), min(a[4], b[4]))


def _reduced(f, values):
    value = values[0]
    for other in values[1:]:
        value = f(value, other)
    return value


def _tallied(items):
    counts = {}
    for x in items:
        counts[x] = counts.get(x, 0) + 1
    return [counts]


# Files of records come as lines of hexadecimal digits, the last of which may be shorter.
def _record_of(length):
    def record(digits):
        found = bytes.fromhex(digits)
        if len(found) != length:
            raise ValueError("a file ends within a record: %d bytes of %d" % (len(found), length))
        return found

    return record


def _encoded(text):
    return text.encode()
