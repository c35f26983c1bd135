//! The thread that opens a workbook, once it is measured, and reads a sheet of it.

use std::io;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread::Builder;

use calamine::Reader as _;
use calamine::Xlsx;
use calamine::XlsxError;
use fs_err::File;

use super::super::BadRow;
use super::super::DataRow;
use super::super::Reason;
use super::super::RowError;
use super::super::hush::READER;
use super::super::locate::unreadable;
use super::table::Row;
use super::table::Table;
use crate::diag::did_you_mean;

const MOST: Limits = Limits {
    workbook: 1024 * 1024 * 1024,
    texts: 256 * 1024 * 1024,
};

/// Rows read ahead.
const AHEAD: usize = 256;

/// The most that is unpacked, in bytes.
#[derive(Debug, Clone, Copy)]
struct Limits {
    workbook: u64,
    /// Texts are held while rows are read.
    texts: u64,
}

pub(in super::super) struct WorkbookRows {
    heading: Vec<String>,
    messages: Receiver<Message>,
    is_finished: bool,
}

pub(super) enum Message {
    Heading(Result<Vec<String>, RowError>),
    Row(Result<DataRow, BadRow>),
    End,
}

/// The thread was not asked for more.
struct Unheard;

impl WorkbookRows {
    pub(in super::super) fn open(
        path: &str,
        found: &Path,
        sheet: Option<&str>,
    ) -> Result<Self, RowError> {
        let (sender, messages) = sync_channel(AHEAD);
        let job = Job {
            path: path.to_owned(),
            found: found.to_owned(),
            sheet: sheet.map(str::to_owned),
            most: MOST,
        };
        Builder::new()
            .name(READER.to_owned())
            .spawn(move || job.run(&sender))
            .map_err(|error| unreadable(path, error))?;
        match messages.recv() {
            Ok(Message::Heading(Ok(heading))) => Ok(Self {
                heading,
                messages,
                is_finished: false,
            }),
            Ok(Message::Heading(Err(error))) => Err(error),
            Ok(Message::Row(_) | Message::End) | Err(_) => {
                Err(broken(path, "its parts do not fit together"))
            }
        }
    }

    pub(in super::super) fn heading(self) -> Vec<String> {
        self.heading
    }
}

impl Iterator for WorkbookRows {
    type Item = Result<DataRow, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_finished {
            return None;
        }
        match self.messages.recv() {
            Ok(Message::Row(row)) => Some(row),
            Ok(Message::End) => {
                self.is_finished = true;
                None
            }
            // It ended without a word.
            Ok(Message::Heading(_)) | Err(_) => {
                self.is_finished = true;
                Some(Err(BadRow {
                    line: 0,
                    reason: Reason::Unreadable {
                        message: "its parts do not fit together".to_owned(),
                    },
                }))
            }
        }
    }
}

struct Job {
    path: String,
    found: PathBuf,
    sheet: Option<String>,
    most: Limits,
}

impl Job {
    fn run(self, sender: &SyncSender<Message>) {
        let result = self.open().and_then(|mut workbook| {
            let sheet = self.choose(&workbook)?;
            // Nobody left to hear of it is no fault.
            let _ = self.read(&mut workbook, &sheet, sender)?;
            Ok(())
        });
        if let Err(error) = result {
            let _ = sender.send(Message::Heading(Err(error)));
        }
    }

    fn open(&self) -> Result<Xlsx<BufReader<File>>, RowError> {
        self.measure()?;
        let file = File::open(&self.found).map_err(|error| unreadable(&self.path, error))?;
        Xlsx::new(BufReader::new(file)).map_err(|error| broken(&self.path, &words(&error)))
    }

    /// Unpacks every part into nothing: what an archive says of its sizes is only its word.
    fn measure(&self) -> Result<(), RowError> {
        let file = File::open(&self.found).map_err(|error| unreadable(&self.path, error))?;
        let not_one = |error: zip::result::ZipError| match error {
            zip::result::ZipError::Io(error) => unreadable(&self.path, error),
            _ => broken(
                &self.path,
                "it is not a ZIP archive, which a workbook is inside",
            ),
        };
        let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(not_one)?;
        let mut left = self.most.workbook;
        for index in 0..archive.len() {
            let part = archive.by_index(index).map_err(not_one)?;
            let is_texts = part
                .name()
                .is_ok_and(|name| name.ends_with("sharedStrings.xml"));
            let limit = if is_texts {
                self.most.texts.min(left)
            } else {
                left
            };
            let size = io::copy(&mut io::Read::take(part, limit + 1), &mut io::sink())
                .map_err(|error| broken(&self.path, &error.to_string()))?;
            if size > limit {
                let path = self.path.clone();
                return Err(RowError::WorkbookTooLarge { path, limit });
            }
            left -= size;
        }
        Ok(())
    }

    fn choose(&self, workbook: &Xlsx<BufReader<File>>) -> Result<String, RowError> {
        let names = workbook.sheet_names();
        let path = self.path.clone();
        match (&self.sheet, names.as_slice()) {
            (Some(wanted), names) if names.contains(wanted) => Ok(wanted.clone()),
            (Some(wanted), names) => Err(RowError::NoSheet {
                path,
                nearest: did_you_mean(wanted, names.iter().map(String::as_str)),
                wanted: wanted.clone(),
                names: names.to_vec(),
            }),
            (None, [only]) => Ok(only.clone()),
            (None, names) => Err(RowError::WhichSheet {
                path,
                names: names.to_vec(),
            }),
        }
    }

    fn read(
        &self,
        workbook: &mut Xlsx<BufReader<File>>,
        sheet: &str,
        sender: &SyncSender<Message>,
    ) -> Result<Result<(), Unheard>, RowError> {
        let mut cells = workbook
            .worksheet_cells_reader(sheet)
            .map_err(|error| broken(&self.path, &words(&error)))?;
        let mut table = Table {
            path: &self.path,
            sheet,
            columns: None,
            row: Row::default(),
        };
        loop {
            let ended = match cells.next_cell() {
                Ok(Some(cell)) => {
                    let (line, column) = cell.get_position();
                    let done = table.turn(line)?;
                    table.row.add(column, cell.get_value());
                    if let Some(done) = done
                        && sender.send(done).is_err()
                    {
                        return Ok(Err(Unheard));
                    }
                    continue;
                }
                Ok(None) => Ok(()),
                Err(error) => Err(words(&error)),
            };
            let mut last: Vec<Message> = table.turn(u32::MAX)?.into_iter().collect();
            if let (None, Ok(())) = (&table.columns, &ended) {
                return Err(RowError::NoHeading {
                    path: self.path.clone(),
                });
            }
            match ended {
                Ok(()) => {}
                Err(reason) if table.columns.is_none() => return Err(broken(&self.path, &reason)),
                Err(message) => last.push(Message::Row(Err(BadRow {
                    line: table.row.line(),
                    reason: Reason::Unreadable { message },
                }))),
            }
            last.push(Message::End);
            let is_heard = last.into_iter().all(|message| sender.send(message).is_ok());
            return Ok(is_heard.then_some(()).ok_or(Unheard));
        }
    }
}

fn broken(path: &str, reason: &str) -> RowError {
    RowError::NotAWorkbook {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

/// In our words where a person can do something about it, else in those of the reader.
fn words(error: &XlsxError) -> String {
    match error {
        XlsxError::Password => "it is protected by a password".to_owned(),
        XlsxError::FileNotFound(part) => format!("its part `{part}` is missing"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an archive says of its sizes is not believed: its parts are unpacked as far as the limit.
    #[test]
    fn what_unpacks_to_too_much_is_refused() {
        let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workbooks/partners.xlsx");
        let measured = |workbook, texts| {
            let job = Job {
                path: "rows.xlsx".to_owned(),
                found: found.clone(),
                sheet: None,
                most: Limits { workbook, texts },
            };
            job.measure().map_err(|error| error.to_string())
        };
        assert_eq!(measured(1 << 20, 1 << 20), Ok(()));
        let refused = Err("`rows.xlsx` is larger than 0 MiB when unpacked".to_owned());
        assert_eq!(measured(1 << 10, 1 << 20), refused.clone());
        assert_eq!(measured(19_000, 1 << 20), refused);
    }
}
