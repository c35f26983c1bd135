//! Where a data file is, in the words of data files.

use std::io;
use std::path::PathBuf;

use super::super::DataFile;
use super::super::OutOfReach;
use super::super::Reach;
use super::RowError;

/// The real path of a file that the playbook names.
pub(super) fn locate(file: &DataFile, reach: &Reach) -> Result<PathBuf, RowError> {
    let path = file.name();
    reach
        .file(&file.beside.join(&file.path.value))
        .map_err(|error| match error {
            OutOfReach::Outside => RowError::Outside { path },
            OutOfReach::Missing => RowError::Missing { path },
            OutOfReach::NotAFile => RowError::NotAFile { path },
            OutOfReach::Unreadable(source) => unreadable(&path, source),
        })
}

pub(super) fn unreadable(path: &str, source: io::Error) -> RowError {
    RowError::Unreadable {
        path: path.into(),
        source,
    }
}
