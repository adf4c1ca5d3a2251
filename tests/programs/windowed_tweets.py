# Tweets counted by author, by batch and over a window, put together in a function that getOrCreate calls.
import json
import sys
from pyspark import SparkContext
from pyspark.streaming import StreamingContext

def create_context():
    sc = SparkContext(appName="tweets")
    sc.setLogLevel("WARN")
    ssc = StreamingContext(sc, 1)
    tweets = ssc.socketTextStream("localhost", int(sys.argv[1]))
    parsed = tweets.map(lambda v: json.loads(v))
    count_this_batch = tweets.count().map(lambda x: ('Tweets this batch: %s' % x))
    count_windowed = tweets.countByWindow(60, 1).map(lambda x: ('Tweets total (One minute rolling count): %s' % x))
    authors_dstream = parsed.map(lambda tweet: tweet['user']['screen_name'])
    count_values_this_batch = authors_dstream.countByValue()\
        .transform(lambda rdd: rdd.sortBy(lambda x: -x[1]))\
        .map(lambda x: "Author counts this batch:\tValue %s\tCount %s" % (x[0], x[1]))
    count_values_windowed = authors_dstream.countByValueAndWindow(60, 1)\
        .transform(lambda rdd: rdd.sortBy(lambda x: -x[1]))\
        .map(lambda x: "Author counts (One minute rolling):\tValue %s\tCount %s" % (x[0], x[1]))
    count_this_batch.union(count_windowed).pprint()
    count_values_this_batch.pprint(5)
    count_values_windowed.pprint(5)
    return ssc

ssc = StreamingContext.getOrCreate('checkpoint_v06', lambda: create_context())
ssc.start()
ssc.awaitTermination(timeout=180)
