//! The files that commands write: what must not be lost by it, and how they are written.

use std::fs::File;
use std::io;
use std::io::BufWriter;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use super::failure::Failure;
use super::settings::OutputSettings;
use crate::report::ReportError;

/// How every run file begins, as any SQLite database does.
const RUN_FILE: &[u8] = b"SQLite format 3\0";

/// Said before anything is done: afterwards it would be too late to ask for another place.
pub(crate) fn folder_is_there(path: &Path) -> Result<(), Failure> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let reason = match folder {
        Some(folder) if !folder.is_dir() => "there is no such folder",
        _ if path.is_dir() => "it is a folder",
        _ => return Ok(()),
    };
    Err(Failure::arguments(format!(
        "nothing can be written to `{}`: {reason}",
        path.display()
    )))
}

/// Refuses reports that would replace what the command reads, what it writes besides, or a run file. `reads` are the
/// files of the command line, `out` what `-o` names.
pub(crate) fn nothing_is_lost(
    output: &OutputSettings,
    reads: &[&Path],
    out: Option<&Path>,
) -> Result<(), Failure> {
    let mut taken: Vec<(PathBuf, &str)> = Vec::new();
    taken.extend(reads.iter().map(|path| (place(path), "is read")));
    taken.extend(out.map(|path| (place(path), "is written by `-o`")));
    for (_, path) in &output.files {
        let is_run_file = starts_as_run_file(path);
        let target = place(path);
        let known = taken.iter().find(|(known, _)| *known == target);
        let why = match known {
            Some((_, why)) => *why,
            None if is_run_file => "is a run file",
            None => {
                taken.push((target, "is written by another `--report`"));
                continue;
            }
        };
        return Err(would_replace(
            path,
            why,
            "name another file behind `--report FORMAT=`",
        ));
    }
    Ok(())
}

/// The same for a report that `-o` names.
pub(crate) fn no_run_file_is_lost(path: &Path) -> Result<(), Failure> {
    if starts_as_run_file(path) {
        return Err(would_replace(
            path,
            "is a run file",
            "name another file with `-o`",
        ));
    }
    Ok(())
}

fn would_replace(path: &Path, why: &str, help: &str) -> Failure {
    Failure::Refused {
        message: format!("`{}` {why}, and a report would replace it", path.display()),
        help: Some(help.to_owned()),
    }
}

/// One name for one file, whatever way leads to it.
fn place(path: &Path) -> PathBuf {
    let whole = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path));
    let folder = path.parent().filter(|path| !path.as_os_str().is_empty());
    let found = match (path.exists(), folder, path.file_name()) {
        (false, folder, Some(name)) => {
            whole(folder.unwrap_or(Path::new("."))).map(|folder| folder.join(name))
        }
        _ => whole(path),
    };
    found.unwrap_or_else(|_| path.to_owned())
}

fn starts_as_run_file(path: &Path) -> bool {
    let mut start = [0; RUN_FILE.len()];
    path.is_file()
        && File::open(path).is_ok_and(|mut file| file.read_exact(&mut start).is_ok())
        && start == RUN_FILE
}

/// Writes a file whole or not at all.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_file_by(path, |out| {
        out.write_all(bytes).map_err(ReportError::Write)?;
        Ok(())
    })
}

/// The same, by somebody who writes piece by piece. A pipe or a device takes the pieces as they come; a link stays one,
/// and what it leads to is written.
pub(crate) fn write_file_by(
    path: &Path,
    by: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed = |source: io::Error| Failure::Write {
        path: path.to_owned(),
        source,
    };
    let is_stream = path.metadata().is_ok_and(|found| !found.is_file());
    if is_stream {
        let file = File::options().write(true).open(path).map_err(failed)?;
        return written(BufWriter::new(file), by, failed).map(drop);
    }
    let target = place(path);
    let folder = target.parent().unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(nameless(error)))?;
    let file = written(BufWriter::new(file), by, failed)?;
    file.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The reason alone: the file that was to become this one has a name that nobody knows.
fn nameless(error: io::Error) -> io::Error {
    match error.kind() {
        kind @ (io::ErrorKind::NotFound
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::StorageFull
        | io::ErrorKind::QuotaExceeded) => kind.into(),
        _ => error,
    }
}

fn written<T: Write>(
    mut out: BufWriter<T>,
    by: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
    failed: impl Fn(io::Error) -> Failure,
) -> Result<T, Failure> {
    match by(&mut out) {
        Err(Failure::Report(ReportError::Write(source))) => return Err(failed(source)),
        other => other?,
    }
    out.into_inner().map_err(|error| failed(error.into_error()))
}
