//! Instants as Sugar keeps them (UTC, whole seconds) and as it prints them (ISO 8601 with the user's offset).

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The zone in which one user sees and writes times.
#[derive(Debug, Clone)]
pub(crate) struct Zone(TimeZone);

impl Zone {
    /// The named zone, or UTC where the machine does not know the name.
    pub(crate) fn named(name: &str) -> Self {
        if name == "UTC" {
            return Self(TimeZone::UTC);
        }
        Self(TimeZone::get(name).unwrap_or(TimeZone::UTC))
    }

    /// A stored `2016-04-06 17:07:41` as `2016-04-06T13:07:41-04:00`.
    pub(crate) fn print(&self, stored: &str) -> String {
        if self.0 == TimeZone::UTC {
            return format!("{}+00:00", stored.replacen(' ', "T", 1));
        }
        let Ok(datetime) = stored.parse::<DateTime>() else {
            return stored.to_owned();
        };
        let Ok(timestamp) = TimeZone::UTC.to_timestamp(datetime) else {
            return stored.to_owned();
        };
        let local = self.0.to_datetime(timestamp);
        let seconds = self.0.to_offset(timestamp).seconds();
        let sign = if seconds < 0 { '-' } else { '+' };
        let minutes = seconds.abs() / 60;
        format!("{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// Reads an instant in any of the shapes clients send and gives it as it is stored.
    ///
    /// A value without offset is the user's local time, as in Sugar's own screens; a date alone is its first second.
    pub(crate) fn read(&self, text: &str) -> Option<String> {
        let text = text.trim();
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Some(stored(timestamp));
        }
        if let Ok(date) = parse_date(text) {
            return self.start_of(date);
        }
        let datetime = text.parse::<DateTime>().ok()?;
        self.0.to_timestamp(datetime).ok().map(stored)
    }

    /// The first second of a day of this zone, as it is stored.
    pub(crate) fn start_of(&self, date: Date) -> Option<String> {
        self.0.to_timestamp(date.at(0, 0, 0, 0)).ok().map(stored)
    }

    pub(crate) fn today(&self, now: Timestamp) -> Date {
        self.0.to_datetime(now).date()
    }
}

/// An instant as Sugar stores it.
pub(crate) fn stored(timestamp: Timestamp) -> String {
    timestamp.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Reads the date out of a date or of the beginning of a date and time.
pub(crate) fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    parse_date(text)
        .ok()
        .or_else(|| text.get(..10).and_then(|day| parse_date(day).ok()))
}

/// Exactly `YYYY-MM-DD`; the library's own parser also takes a time behind it.
fn parse_date(text: &str) -> Result<Date, jiff::Error> {
    Date::strptime("%Y-%m-%d", text)
}

/// The days of a named `$dateRange`, first and last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateRange {
    Yesterday,
    Today,
    Tomorrow,
    Last7Days,
    Next7Days,
    Last30Days,
    Next30Days,
    LastMonth,
    ThisMonth,
    NextMonth,
    LastYear,
    ThisYear,
    NextYear,
}

impl DateRange {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "yesterday" => Self::Yesterday,
            "today" => Self::Today,
            "tomorrow" => Self::Tomorrow,
            "last_7_days" => Self::Last7Days,
            "next_7_days" => Self::Next7Days,
            "last_30_days" => Self::Last30Days,
            "next_30_days" => Self::Next30Days,
            "last_month" => Self::LastMonth,
            "this_month" => Self::ThisMonth,
            "next_month" => Self::NextMonth,
            "last_year" => Self::LastYear,
            "this_year" => Self::ThisYear,
            "next_year" => Self::NextYear,
            _ => return None,
        })
    }

    /// Ranges of n days include today, as Sugar's list of ranges reads.
    pub(crate) fn days(self, today: Date) -> Option<(Date, Date)> {
        let shift = |days: i64| today.checked_add(days.days()).ok();
        let month = |months: i64| {
            let day = today.first_of_month().checked_add(months.months()).ok()?;
            Some((day.first_of_month(), day.last_of_month()))
        };
        let year = |years: i64| {
            let day = today.first_of_year().checked_add(years.years()).ok()?;
            Some((day.first_of_year(), day.last_of_year()))
        };
        match self {
            Self::Yesterday => Some((shift(-1)?, shift(-1)?)),
            Self::Today => Some((today, today)),
            Self::Tomorrow => Some((shift(1)?, shift(1)?)),
            Self::Last7Days => Some((shift(-6)?, today)),
            Self::Next7Days => Some((today, shift(6)?)),
            Self::Last30Days => Some((shift(-29)?, today)),
            Self::Next30Days => Some((today, shift(29)?)),
            Self::LastMonth => month(-1),
            Self::ThisMonth => month(0),
            Self::NextMonth => month(1),
            Self::LastYear => year(-1),
            Self::ThisYear => year(0),
            Self::NextYear => year(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_in_every_shape_and_printed_with_the_offset() {
        let zone = Zone::named("America/New_York");
        for text in [
            "2016-04-06T13:07:41-04:00",
            "2016-04-06T17:07:41Z",
            "2016-04-06T17:07:41.250Z",
            "2016-04-06T13:07:41",
            "2016-04-06 13:07:41",
        ] {
            assert_eq!(
                zone.read(text).as_deref(),
                Some("2016-04-06 17:07:41"),
                "{text}"
            );
        }
        assert_eq!(
            zone.print("2016-04-06 17:07:41"),
            "2016-04-06T13:07:41-04:00"
        );
        assert_eq!(
            Zone::named("UTC").print("2016-04-06 17:07:41"),
            "2016-04-06T17:07:41+00:00"
        );
        assert_eq!(
            zone.read("2016-04-06").as_deref(),
            Some("2016-04-06 04:00:00")
        );
        assert_eq!(zone.read("soon"), None);
    }

    #[test]
    fn ranges_are_whole_days() {
        let today = date("2026-03-15").unwrap();
        let days = |name: &str| {
            let (first, last) = DateRange::parse(name).unwrap().days(today).unwrap();
            format!("{first} {last}")
        };
        assert_eq!(days("last_7_days"), "2026-03-09 2026-03-15");
        assert_eq!(days("last_month"), "2026-02-01 2026-02-28");
        assert_eq!(days("next_year"), "2027-01-01 2027-12-31");
    }
}
