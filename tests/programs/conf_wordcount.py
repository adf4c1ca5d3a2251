# -*- coding: utf-8 -*-
import sys
from pyspark import SparkConf, SparkContext
from pyspark.streaming import StreamingContext

try : sc.stop()
except : pass
try : ssc.stop()
except : pass
conf = SparkConf()
conf.setAppName("logs")
conf.set("spark.executor.memory", "1g")
conf.set("spark.cores.max", "5")

sc = SparkContext(conf=conf)
ssc = StreamingContext(sc, 10)
dstream = ssc.socketTextStream("127.0.0.1", int(sys.argv[1]))
mots = dstream.flatMap( lambda line : line.split(" ") )
k_v = mots.map( lambda word : (word, 1) )
counts = k_v.reduceByKey( lambda somme,un : somme + un )
counts.pprint()
ssc.start()
ssc.awaitTermination()
