//! The pool of chunks.

use dstream::batch::{CHUNK_SIZE, Pool, SLACK, SourceId};

#[test]
fn a_pool_is_bounded_and_its_chunks_come_back() {
    let pool = Pool::new(2);
    let first = pool.take(SourceId(0)).expect("one chunk");
    let _second = pool.take(SourceId(1)).expect("another chunk");
    assert!(pool.take(SourceId(0)).is_none());
    drop(first);
    assert_eq!(pool.out(), 1);
    assert!(pool.take(SourceId(0)).is_some());
}

#[test]
fn a_chunk_grows_for_a_long_line_and_returns_to_its_size() {
    let pool = Pool::new(1);
    let mut chunk = pool.take(SourceId(0)).expect("one chunk");
    let line = vec![b'x'; 3 * CHUNK_SIZE];
    chunk.extend(b"ab");
    chunk.extend(&line);
    assert_eq!(chunk.len(), line.len() + 2);
    assert_eq!(&chunk.bytes()[..3], b"abx");
    assert!(chunk.text().padded().len() >= chunk.len() + SLACK);
    drop(chunk);
    assert_eq!(pool.take(SourceId(0)).expect("the chunk again").spare(), CHUNK_SIZE);
}
