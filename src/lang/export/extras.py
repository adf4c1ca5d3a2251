def distinct(self, numPartitions=None):
    return self.map(lambda x: (x, None)).reduceByKey(lambda a, b: a, numPartitions).map(lambda pair: pair[0])


def sortBy(self, keyfunc, ascending=True, numPartitions=None):
    return self.transform(lambda rdd: rdd.sortBy(keyfunc, ascending, numPartitions))


def sortByKey(self, ascending=True, numPartitions=None, keyfunc=lambda key: key):
    return self.transform(lambda rdd: rdd.sortBy(lambda pair: keyfunc(pair[0]), ascending, numPartitions))


def take(self, num):
    return self.transform(lambda rdd: rdd.context.parallelize(rdd.take(num), 1))


def top(self, num, key=None):
    return self.transform(
        lambda rdd: rdd.context.parallelize(rdd.top(num, key) if rdd.getNumPartitions() else [], 1))


def takeOrdered(self, num, key=None):
    return self.transform(
        lambda rdd: rdd.context.parallelize(rdd.takeOrdered(num, key) if rdd.getNumPartitions() else [], 1))


def toCommand(self, command):
    def run(rdd):
        import subprocess

        records = "".join("%s\n" % (record,) for record in rdd.collect())
        subprocess.run(command, shell=True, input=records.encode(), check=True)

    self.foreachRDD(run)


def json_(self, num=None):
    place = _place("json")

    def write(time, rdd):
        import json

        def shown(value):
            if value is None or isinstance(value, (bool, int, str)):
                return json.dumps(value, ensure_ascii=False)
            if isinstance(value, float):
                return repr(value) if value - value == 0 else "null"
            if isinstance(value, dict):
                members = ((key if isinstance(key, str) else shown(key) if key is None or key is True or key is False
                            else str(key), item) for key, item in value.items())
                return "{" + ",".join(shown(key) + ":" + shown(item) for key, item in members) + "}"
            if isinstance(value, (tuple, list, set, frozenset)) or type(value).__name__ == "ResultIterable":
                return "[" + ",".join(map(shown, value)) + "]"
            return json.dumps(str(value), ensure_ascii=False)

        head = '{"time":"%s",' % _rfc3339(time) + ('"output":%d,' % place if place > 1 else "")
        for record in rdd.collect() if num is None else rdd.take(num):
            if isinstance(record, tuple) and len(record) == 2:
                print(head + '"key":' + shown(record[0]) + ',"value":' + shown(record[1]) + "}")
            else:
                print(head + '"value":' + shown(record) + "}")

    self.foreachRDD(write)


def csv_(self, num=None):
    def field(text):
        return '"%s"' % text.replace('"', '""') if any(mark in text for mark in ',"\n\r') else text

    _write_fields(self, num, "csv", ",", field)


def tsv_(self, num=None):
    def field(text):
        for mark, escape in [("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")]:
            text = text.replace(mark, escape)
        return text

    _write_fields(self, num, "tsv", "\t", field)


def _write_fields(stream, num, name, separator, field):
    place, is_first = _place(name), name not in _printing[:-1]
    begun = []

    def write(time, rdd):
        if is_first and not begun:
            begun.append(name)
            print(separator.join(["time", "output", "key", "value"]))
        for record in rdd.collect() if num is None else rdd.take(num):
            is_pair = isinstance(record, tuple) and len(record) == 2
            key, value = record if is_pair else ("", record)
            print(separator.join([_rfc3339(time), str(place), field(str(key)), field(str(value))]))

    stream.foreachRDD(write)


def pprint_(self, num=10, pprint=DStream.pprint):
    _place("pprint")
    pprint(self, num)


def _place(name):
    # Which of the outputs that print it is.
    _printing.append(name)
    return len(_printing)


def _rfc3339(time):
    from datetime import timezone

    text = time.astimezone(timezone.utc).isoformat(timespec="milliseconds" if time.microsecond else "seconds")
    return text.replace("+00:00", "Z")


_printing = []
