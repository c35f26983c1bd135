//! What a cell shows, as text, and what the cell is called.

use calamine::Data;
use calamine::DataRef;
use calamine::ExcelDateTime;

/// A date that is only a time has the day before all days.
const FIRST_DAY: f64 = 1.0;

/// What a person reads in a cell, without the dress of its number format.
pub(super) fn text(value: &DataRef<'_>) -> String {
    match Data::from(value.clone()) {
        Data::Int(number) => number.to_string(),
        Data::Float(number) => plain_number(number),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text,
        Data::Bool(flag) => flag.to_string(),
        Data::DateTime(moment) => date_or_time(moment),
        Data::Error(error) => error.to_string(),
        Data::Empty => String::new(),
    }
}

/// To the 15 digits a sheet knows of a number, so that 0.1 + 0.2 is 0.3, and without an exponent: 1, not 1.0.
fn plain_number(number: f64) -> String {
    let known: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    // A cell shows no minus before nothing.
    if known == 0.0 {
        "0".to_owned()
    } else {
        known.to_string()
    }
}

/// ISO: a date where the time is midnight, a time where there is no day, both otherwise.
fn date_or_time(moment: ExcelDateTime) -> String {
    if moment.is_duration() {
        return duration(moment.as_f64());
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let fraction = if milli == 0 {
        String::new()
    } else {
        format!(".{milli:03}")
    };
    let time = format!("{hour:02}:{minute:02}:{second:02}{fraction}");
    let date = format!("{year:04}-{month:02}-{day:02}");
    if moment.as_f64() < FIRST_DAY {
        time
    } else if time == "00:00:00" {
        date
    } else {
        format!("{date}T{time}")
    }
}

/// `26:30:00`, in days as sheets count.
fn duration(days: f64) -> String {
    let seconds = (days * 86_400.0).round();
    let sign = if seconds < 0.0 { "-" } else { "" };
    let seconds = seconds.abs();
    let (hours, rest) = ((seconds / 3600.0).floor(), seconds % 3600.0);
    let (minutes, seconds) = ((rest / 60.0).floor(), rest % 60.0);
    format!("{sign}{hours:02}:{minutes:02}:{seconds:02}")
}

/// `C7`, as the sheet names it.
pub(super) fn name(column: u32, line: u64) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(
            b'A' + u8::try_from(rest % 26).unwrap_or_default(),
        ));
        rest /= 26;
    }
    letters
        .iter()
        .rev()
        .chain(line.to_string().chars().collect::<Vec<_>>().iter())
        .collect()
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;

    use super::*;

    #[test]
    fn numbers_read_as_a_person_reads_them() {
        for (number, expected) in [
            (1.0, "1"),
            (-0.0, "0"),
            (0.1 + 0.2, "0.3"),
            (49_301_234_567.0, "49301234567"),
            (12.5, "12.5"),
            (-3.25, "-3.25"),
            (1e15, "1000000000000000"),
            (1.5e-7, "0.00000015"),
        ] {
            assert_eq!(plain_number(number), expected);
        }
    }

    #[test]
    fn dates_are_iso() {
        let moment =
            |days| date_or_time(ExcelDateTime::new(days, ExcelDateTimeType::DateTime, false));
        assert_eq!(moment(46_053.0), "2026-01-31");
        assert_eq!(moment(46_053.5), "2026-01-31T12:00:00");
        assert_eq!(moment(0.75), "18:00:00");
        assert_eq!(duration(1.5), "36:00:00");
        assert_eq!(duration(-0.5), "-12:00:00");
    }

    #[test]
    fn cells_are_called_as_in_the_sheet() {
        for (column, expected) in [
            (0, "A7"),
            (25, "Z7"),
            (26, "AA7"),
            (701, "ZZ7"),
            (702, "AAA7"),
        ] {
            assert_eq!(name(column, 7), expected);
        }
    }
}
