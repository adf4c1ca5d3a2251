# A listener that tells of the receiver and of each batch with records.
import sys
from pyspark import SparkContext
from pyspark.streaming import StreamingContext
from pyspark.streaming.listener import StreamingListener

class Told(StreamingListener):
    def onReceiverStarted(self, receiverStarted):
        info = receiverStarted.receiverInfo()
        print("receiver", info.streamId(), info.active())

    def onReceiverStopped(self, receiverStopped):
        print("stopped", receiverStopped.receiverInfo().streamId())

    def onBatchCompleted(self, batchCompleted):
        info = batchCompleted.batchInfo()
        inputs = {number: told.numRecords() for number, told in info.streamIdToInputInfo().items()}
        if info.numRecords():
            in_order = 0 < info.submissionTime() <= info.processingStartTime() <= info.processingEndTime()
            whole = info.schedulingDelay() + info.processingDelay() == info.totalDelay()
            print("records", inputs, in_order, whole)

sc = SparkContext()
ssc = StreamingContext(sc, 1)
ssc.addStreamingListener(Told())
ssc.socketTextStream("localhost", int(sys.argv[1])).count().pprint()
ssc.start()
ssc.awaitTermination()
