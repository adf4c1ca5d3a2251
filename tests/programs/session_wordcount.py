# Words of a socket, counted by batch, in a session that a cluster's settings are made for.
import sys
from pyspark.sql import SparkSession
from pyspark.streaming import StreamingContext

spark = SparkSession.builder \
    .config("spark.executor.memory", "2g") \
    .config("spark.cores.max", "2") \
    .master("spark://master:7077") \
    .appName("words").getOrCreate()
sc = spark.sparkContext
ssc = StreamingContext(sc, 10)
lines = ssc.socketTextStream("localhost", int(sys.argv[1]))
words = lines.flatMap(lambda line: line.split(" "))
pairs = words.map(lambda word: (word, 1))
pairs.reduceByKey(lambda x, y: x + y).pprint()
ssc.start()
ssc.awaitTermination()
ssc.stop()
