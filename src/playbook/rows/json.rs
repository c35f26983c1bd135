//! Items of a file that is one JSON list, taken apart without reading it whole.

use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;

use fs_err::File;

use super::BadRow;
use super::DataRow;
use super::LARGEST_ROW;
use super::Reason;
use super::RowError;
use super::jsonl;
use super::locate::unreadable;

const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

pub(super) struct JsonRows {
    bytes: Bytes,
    item: Vec<u8>,
    /// Whether a comma promised another item.
    is_promised: bool,
    is_finished: bool,
}

/// Bytes one by one, with the line they are on.
struct Bytes {
    reader: BufReader<File>,
    line: u64,
}

impl Bytes {
    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.reader.fill_buf()?.first().copied())
    }

    fn take(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek()?;
        if byte.is_some() {
            self.reader.consume(1);
        }
        if byte == Some(b'\n') {
            self.line += 1;
        }
        Ok(byte)
    }

    /// The first byte that is no blank, not yet taken.
    fn peek_text(&mut self) -> io::Result<Option<u8>> {
        while let Some(byte) = self.peek()? {
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.take()?;
        }
        Ok(None)
    }
}

/// What ended an item.
enum End {
    Comma,
    List,
    File,
    TooLarge,
}

impl JsonRows {
    pub(super) fn open(path: &str, found: &Path) -> Result<Self, RowError> {
        let failed = |error| unreadable(path, error);
        let file = File::open(found).map_err(failed)?;
        let mut bytes = Bytes {
            reader: BufReader::new(file),
            line: 1,
        };
        for mark in BYTE_ORDER_MARK {
            if bytes.peek().map_err(failed)? == Some(mark) {
                bytes.take().map_err(failed)?;
            }
        }
        if bytes.peek_text().map_err(failed)? != Some(b'[') {
            return Err(RowError::NotAList { path: path.into() });
        }
        bytes.take().map_err(failed)?;
        Ok(Self {
            bytes,
            item: Vec::new(),
            is_promised: false,
            is_finished: false,
        })
    }

    fn step(&mut self) -> io::Result<Option<Result<DataRow, BadRow>>> {
        let first = self.bytes.peek_text()?;
        let line = self.bytes.line;
        if first == Some(b']') && !self.is_promised {
            self.bytes.take()?;
            self.is_finished = true;
            let trailing = self.bytes.peek_text()?.is_some();
            let line = self.bytes.line;
            let reason = Reason::Trailing;
            return Ok(trailing.then_some(Err(BadRow { line, reason })));
        }
        let end = self.take_item()?;
        let is_empty = self.item.trim_ascii().is_empty();
        let reason = match end {
            End::Comma | End::List => {
                self.is_promised = matches!(end, End::Comma);
                let reason = Reason::MissingItem;
                return Ok(Some(if is_empty {
                    Err(BadRow { line, reason })
                } else {
                    jsonl::parse(&self.item, line)
                }));
            }
            End::File => Reason::Unclosed,
            End::TooLarge => Reason::TooLarge,
        };
        self.is_finished = true;
        Ok(Some(Err(BadRow { line, reason })))
    }

    /// Everything up to the comma behind the item, or up to the end of the list, which is left for the next step.
    fn take_item(&mut self) -> io::Result<End> {
        self.item.clear();
        let mut depth = 0_u32;
        let mut is_text = false;
        let mut is_escaped = false;
        loop {
            let Some(byte) = self.bytes.peek()? else {
                return Ok(End::File);
            };
            if !is_text && depth == 0 {
                match byte {
                    b',' => {
                        self.bytes.take()?;
                        return Ok(End::Comma);
                    }
                    b']' => return Ok(End::List),
                    _ => {}
                }
            }
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if is_text => is_escaped = true,
                b'"' => is_text = !is_text,
                b'[' | b'{' if !is_text => depth += 1,
                b']' | b'}' if !is_text => depth = depth.saturating_sub(1),
                _ => {}
            }
            if self.item.len() as u64 >= LARGEST_ROW {
                return Ok(End::TooLarge);
            }
            self.item.push(byte);
            self.bytes.take()?;
        }
    }
}

impl Iterator for JsonRows {
    type Item = Result<DataRow, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_finished {
            return None;
        }
        self.step().unwrap_or_else(|error| {
            self.is_finished = true;
            Some(Err(BadRow {
                line: self.bytes.line,
                reason: Reason::Unreadable {
                    message: error.to_string(),
                },
            }))
        })
    }
}
