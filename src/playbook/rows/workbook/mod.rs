//! Rows of a workbook's sheet. The one folder that names the workbook reader.
//!
//! A workbook is a ZIP archive that anybody can have made, so that its parts are measured before any is read. Its rows
//! are read by a thread of their own: the reader borrows from the open workbook, and a fault of it ends that thread only.

mod cell;
mod reader;
mod table;

pub(super) use reader::WorkbookRows;
