def distinct(self, numPartitions=None):
    return self.map(lambda x: (x, None)).reduceByKey(lambda a, b: a, numPartitions).map(lambda pair: pair[0])


def sortBy(self, keyfunc, ascending=True, numPartitions=None):
    return self.transform(lambda rdd: rdd.sortBy(keyfunc, ascending, numPartitions))


def sortByKey(self, ascending=True, numPartitions=None, keyfunc=lambda key: key):
    return self.transform(lambda rdd: rdd.sortBy(lambda pair: keyfunc(pair[0]), ascending, numPartitions))


def take(self, num):
    sc = self._sc
    return self.transform(lambda rdd: sc.parallelize(rdd.take(num), 1))


def top(self, num, key=None):
    sc = self._sc
    return self.transform(lambda rdd: sc.parallelize(rdd.top(num, key) if rdd.getNumPartitions() else [], 1))


def takeOrdered(self, num, key=None):
    sc = self._sc
    return self.transform(
        lambda rdd: sc.parallelize(rdd.takeOrdered(num, key) if rdd.getNumPartitions() else [], 1))


def toCommand(self, command):
    def run(rdd):
        import subprocess

        records = "".join("%s\n" % (record,) for record in rdd.collect())
        subprocess.run(command, shell=True, input=records.encode(), check=True)

    self.foreachRDD(run)
