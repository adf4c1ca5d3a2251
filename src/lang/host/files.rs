//! Text files of `sc.textFile`, `sc.wholeTextFiles` and `rdd.saveAsTextFile`, which the engine reads and writes.

use super::args::Given;
use super::rdd::{handle, partition};
use crate::batch::value::exceptions::VALUE_ERROR;
use crate::batch::{self, Dataset, Rows};
use crate::lang::interp::{Arguments, Halt, Interp, Obj, Run, from_failure};
use crate::plan::{Rdd, RddOp};

/// `_read_lines(paths, partitions)`: the lines of files.
pub(super) fn read_lines(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_read_lines", args);
    let (paths, partitions) = (given.text(interp, 0)?, given.count(interp, 1)?);
    let dataset = interp.engine().read_lines(&paths, partitions).map_err(from_failure)?;
    Ok(handle(Rdd::new(RddOp::Data(dataset), Vec::new(), interp.origin())))
}

/// `_read_whole(paths)`: a pair of name and text a file, all in one partition.
pub(super) fn read_whole(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let paths = Given::new("_read_whole", args).text(interp, 0)?;
    let found = interp.engine().read_whole(&paths).map_err(from_failure)?;
    let rows = interp.cross(|_, heap| {
        let mut rows = Rows::default();
        for (name, text) in &found {
            rows.push(heap, heap.pair(heap.str(name), heap.str(text)))?;
        }
        Ok(rows)
    })?;
    let dataset = Dataset { partitions: vec![partition(rows)] };
    Ok(handle(Rdd::new(RddOp::Data(dataset), Vec::new(), interp.origin())))
}

/// `_local_path(text)`: the path that a text names, with or without `file://` before it.
pub(super) fn local_path(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let text = Given::new("_local_path", args).text(interp, 0)?;
    let path = batch::local_path(&text).map_err(|message| Halt::new(&VALUE_ERROR, message))?;
    Ok(Obj::str(path.to_string_lossy()))
}

/// `_rdd_save(rdd, path)`: a directory with a file a partition, and `_SUCCESS` once all are there.
pub(super) fn save(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_rdd_save", args);
    let (rdd, path) = (given.rdd(interp, 0)?, given.text(interp, 1)?);
    let dataset = interp.engine().compute(&rdd).map_err(from_failure)?;
    interp.engine().save_lines(&path, &dataset).map_err(from_failure)?;
    Ok(Obj::None)
}
