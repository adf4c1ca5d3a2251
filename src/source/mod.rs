//! Bytes in: every source on one mio event loop, framed into lines, read once into pooled chunks.
