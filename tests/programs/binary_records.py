# Records of four bytes, of files that come into a directory.
import sys
from pyspark import SparkContext
from pyspark.streaming import StreamingContext

sc = SparkContext()
ssc = StreamingContext(sc, 1)
ssc.binaryRecordsStream(sys.argv[1], 4).pprint()
ssc.start()
ssc.awaitTermination()
