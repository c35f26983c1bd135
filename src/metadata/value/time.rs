//! Dates, times and instants. Sugar writes instants in the user's own offset, so only instants are compared
//! (fact sheet, gotcha 15).

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::civil::Time;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;

use super::Rejected;

/// Sugar's own shape: `2016-04-06T13:07:41-04:00`, to the second.
const SHAPE: &str = "%Y-%m-%dT%H:%M:%S%:z";

pub(super) fn accept_date(text: &str) -> Result<String, Rejected> {
    let value = text.to_owned();
    let text = text.trim();
    match Pieces::parse(text) {
        Ok(pieces) if pieces.time().is_none() && looks_like_date(text) => {
            Ok(pieces.date().to_string())
        }
        Ok(pieces) if pieces.time().is_some() && looks_like_date(text) => {
            Err(Rejected::DateWithTime { value })
        }
        _ => Err(Rejected::NotDate { value }),
    }
}

/// An offset stays as it is written; without one the instant is that of the configured zone, if there is one.
pub(super) fn accept_datetime(text: &str, zone: Option<&TimeZone>) -> Result<String, Rejected> {
    let value = || text.to_owned();
    let text = text.trim();
    let pieces = Pieces::parse(text)
        .ok()
        .filter(|_| looks_like_date(text))
        .ok_or_else(|| Rejected::NotDateTime { value: value() })?;
    let time = pieces.time().unwrap_or_else(Time::midnight);
    let local = DateTime::from_parts(pieces.date(), time);
    let zone = match (pieces.to_numeric_offset(), pieces.offset(), zone) {
        // A time that has an offset but stands alone as a date would be odd: `2026-01-31Z` does not parse.
        (Some(offset), _, _) => offset.to_time_zone(),
        // `Z` says that the instant is known and the offset is not.
        (None, Some(_), _) => TimeZone::UTC,
        (None, None, Some(zone)) => zone.clone(),
        (None, None, None) => return Err(Rejected::NoOffset { value: value() }),
    };
    let instant = zone
        .to_timestamp(local)
        .map_err(|_| Rejected::NotDateTime { value: value() })?;
    let offset = zone.to_offset(instant);
    Ok(instant
        .to_zoned_datetime(TimeZone::fixed(offset))
        .strftime(SHAPE)
        .to_string())
}

pub(super) fn accept_time(text: &str) -> Result<String, Rejected> {
    text.trim()
        .parse::<Time>()
        .map(|time| time.strftime("%H:%M:%S").to_string())
        .map_err(|_| Rejected::NotTime {
            value: text.to_owned(),
        })
}

/// The second an instant falls in; `None` for anything that is not a full instant.
pub(super) fn instant(text: &str) -> Option<i64> {
    if !looks_like_date(text) {
        return None;
    }
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

pub(super) fn date(text: &str) -> Option<Date> {
    looks_like_date(text).then(|| text.parse().ok()).flatten()
}

/// `YYYY-MM-DD…`: the other spellings that ISO 8601 has (`20260131`, six-digit years) are not taken for dates, since
/// text that merely looks like a number would be.
fn looks_like_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn instants_keep_their_offset_and_lose_fractions() {
        for (text, expected) in [
            ("2016-04-06T13:07:41-04:00", "2016-04-06T13:07:41-04:00"),
            ("2016-04-06 13:07:41+0200", "2016-04-06T13:07:41+02:00"),
            ("2016-04-06T13:07Z", "2016-04-06T13:07:00+00:00"),
            ("2016-04-06T13:07:41.999Z", "2016-04-06T13:07:41+00:00"),
            (
                "2026-07-01T12:00:00+02:00[Europe/Berlin]",
                "2026-07-01T12:00:00+02:00",
            ),
        ] {
            assert_eq!(accept_datetime(text, None).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_zone_gives_the_offset_that_is_missing() {
        let berlin = zone("Europe/Berlin");
        for (text, expected) in [
            ("2026-07-01T12:00:00", "2026-07-01T12:00:00+02:00"),
            ("2026-01-01 12:00", "2026-01-01T12:00:00+01:00"),
            ("2026-01-01", "2026-01-01T00:00:00+01:00"),
            // The hour that does not exist is read as the hour after it.
            ("2026-03-29T02:30:00", "2026-03-29T03:30:00+02:00"),
        ] {
            assert_eq!(
                accept_datetime(text, Some(&berlin)).as_deref(),
                Ok(expected)
            );
            let refused = accept_datetime(text, None).unwrap_err();
            assert!(matches!(refused, Rejected::NoOffset { .. }), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "31.01.2026",
            "20260131",
            "2026-02-30",
            "",
            "tomorrow",
            "1767225600",
        ] {
            assert!(
                matches!(accept_date(text), Err(Rejected::NotDate { .. })),
                "{text}"
            );
            assert!(matches!(
                accept_datetime(text, Some(&TimeZone::UTC)),
                Err(Rejected::NotDateTime { .. })
            ));
        }
        assert!(matches!(
            accept_date("2026-01-31T00:00:00"),
            Err(Rejected::DateWithTime { .. })
        ));
        assert_eq!(accept_date(" 2026-01-31 ").as_deref(), Ok("2026-01-31"));
        assert!(accept_time("9:05").is_err());
        assert_eq!(accept_time("09:05").as_deref(), Ok("09:05:00"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_judged(text in "[0-9TZ:+. \\[\\]-]{0,32}") {
            let _ = (accept_date(&text), accept_time(&text), instant(&text));
            if let Ok(accepted) = accept_datetime(&text, Some(&TimeZone::UTC)) {
                proptest::prop_assert_eq!(accept_datetime(&accepted, None), Ok(accepted.clone()));
                proptest::prop_assert!(instant(&accepted).is_some());
            }
        }
    }
}
