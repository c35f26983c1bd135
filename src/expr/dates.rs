//! Moments and spans of time in templates: `now() - days(90)`.
//!
//! The engine has no operators for objects, so `syntax` turns `a - b` into `_minus(a, b)`.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;
use std::sync::LazyLock;

use jiff::Span;
use jiff::Timestamp;
use jiff::ToSpan;
use jiff::ZonedDateTime;
use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::Expression;
use minijinja::State;
use minijinja::Value;
use minijinja::context;
use minijinja::value::DynObject;
use minijinja::value::Object;
use minijinja::value::ObjectRepr;

use super::functions::ENGINE;

/// What the engine makes of two values of which none is a date.
static SUM: LazyLock<Expression<'static, 'static>> = LazyLock::new(|| plainly("left + right"));
static DIFFERENCE: LazyLock<Expression<'static, 'static>> =
    LazyLock::new(|| plainly("left - right"));
static NEGATIVE: LazyLock<Expression<'static, 'static>> = LazyLock::new(|| plainly("-left"));

fn plainly(text: &'static str) -> Expression<'static, 'static> {
    ENGINE.compile_expression(text).expect("it is written here")
}

/// The name under which an evaluation's context holds the plan's `now`.
pub(super) const NOW: &str = "_now";

/// A point in time, or a day. Both print as Sugar takes them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Moment {
    Instant(ZonedDateTime),
    Day(Date),
}

/// What doubles itself in a loop is a mistake.
const MOST_SPANS: usize = 100;

/// Spans that a date is moved by one after the other: a day and an hour less is no one span.
#[derive(Debug, Clone)]
struct Length(Vec<Span>);

/// What an evaluation knows of time: the plan's `now`, and the zone of what says none, where the playbook sets one.
#[derive(Debug)]
pub(super) struct Clock {
    pub(super) now: ZonedDateTime,
    pub(super) zone: Option<TimeZone>,
}

impl Object for Clock {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

impl Object for Moment {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        match (self.as_ref(), other.downcast_ref::<Self>()?) {
            (Self::Instant(left), Self::Instant(right)) => {
                left.timestamp().partial_cmp(&right.timestamp())
            }
            (Self::Day(left), Self::Day(right)) => left.partial_cmp(right),
            _ => None,
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_ref() {
            Self::Instant(at) => write!(f, "{}", at.strftime("%Y-%m-%dT%H:%M:%S%:z")),
            Self::Day(day) => write!(f, "{day}"),
        }
    }
}

impl Object for Length {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, span) in self.0.iter().enumerate() {
            let gap = if place == 0 { "" } else { " " };
            write!(f, "{gap}{span}")?;
        }
        Ok(())
    }
}

fn refused(detail: impl fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail.to_string())
}

/// The plan's `now`, in the playbook's zone: fixed once, so that a resumed run computes the same.
pub(super) fn now(state: &State<'_, '_>) -> Result<Value, Error> {
    let now = clock(state)?.now.clone();
    Ok(Value::from_object(Moment::Instant(now)))
}

pub(super) fn today(state: &State<'_, '_>) -> Result<Value, Error> {
    let day = clock(state)?.now.date();
    Ok(Value::from_object(Moment::Day(day)))
}

fn clock(state: &State<'_, '_>) -> Result<Arc<Clock>, Error> {
    state
        .lookup(NOW)
        .and_then(|value| value.downcast_object::<Clock>())
        .ok_or_else(|| refused("dates cannot be used here"))
}

fn whole(function: &str, count: &Value) -> Result<i64, Error> {
    count.as_i64().ok_or_else(|| {
        let help = match count.as_str() {
            Some(_) => ", which is text: make a number of it with `| int`",
            None => "",
        };
        refused(format!(
            "`{function}` wants a whole number, and gets `{count}`{help}"
        ))
    })
}

macro_rules! lengths {
    ($($name:ident => $make:ident,)+) => {
        /// Functions that give a length of time.
        pub(super) const LENGTHS: &[&str] = &[$(stringify!($name)),+];

        $(pub(super) fn $name(count: &Value) -> Result<Value, Error> {
            let count = whole(stringify!($name), count)?;
            let span = Span::new().$make(count).map_err(refused)?;
            Ok(Value::from_object(Length(vec![span])))
        })+
    };
}

lengths! {
    seconds => try_seconds,
    minutes => try_minutes,
    hours => try_hours,
    days => try_days,
    weeks => try_weeks,
    months => try_months,
    years => try_years,
}

/// `parse_date("31.12.2026", "%d.%m.%Y")`: a day, or a moment when the format has a time.
pub(super) fn parse_date(state: &State<'_, '_>, text: &str, format: &str) -> Result<Value, Error> {
    if text.trim().is_empty() {
        return Err(refused(
            "an empty text is no date; `{{ parse_date(x, …) if x else omit }}` leaves the field out",
        ));
    }
    let parsed = strtime::parse(format, text.trim()).map_err(|error| {
        let like = sample(format).map_or_else(
            || format!(": {error}"),
            |like| format!(", such as `{like}`"),
        );
        refused(format!("`{text}` does not read as `{format}`{like}"))
    })?;
    if let Ok(at) = parsed.to_zoned_datetime() {
        return Ok(Value::from_object(Moment::Instant(at)));
    }
    if parsed.hour().is_none() {
        let day = parsed.to_date().map_err(refused)?;
        return Ok(Value::from_object(Moment::Day(day)));
    }
    let local = parsed.to_datetime().map_err(refused)?;
    let zone = clock(state)?.zone.clone().ok_or_else(|| {
        refused(format!(
            "`{text}` has a time but no offset from UTC: put `%z` into the format, or set `settings.timezone`"
        ))
    })?;
    let at = within(local, &zone)?;
    Ok(Value::from_object(Moment::Instant(at)))
}

/// What reads as the format, where it is one.
fn sample(format: &str) -> Option<String> {
    let moment = jiff::civil::date(2025, 12, 31).at(18, 30, 0, 0);
    strtime::format(format, &within(moment, &TimeZone::UTC).ok()?).ok()
}

/// `value | date("%d.%m.%Y")`.
pub(super) fn date(state: &State<'_, '_>, value: &Value, format: &str) -> Result<String, Error> {
    let text = match moment(state, value)? {
        Moment::Instant(at) => strtime::format(format, &at),
        Moment::Day(day) => strtime::format(format, day),
    };
    text.map_err(|error| {
        refused(format!(
            "`{format}` is not a date format that fits: {error}"
        ))
    })
}

pub(super) fn plus(state: &State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    if !is_date(left) && !is_date(right) {
        return SUM.eval(context! { left, right });
    }
    match (length(left), length(right)) {
        (Some(left), Some(right)) => joined(left, right.to_vec()),
        (None, Some(span)) => shift(state, left, span),
        (Some(span), None) => shift(state, right, span),
        (None, None) => Err(refused(
            "a date and a date cannot be added; add `days(n)` or `hours(n)`",
        )),
    }
}

pub(super) fn minus(state: &State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    let are_texts = left.as_str().is_some() && right.as_str().is_some();
    if !is_date(left) && !is_date(right) && !are_texts {
        return DIFFERENCE.eval(context! { left, right });
    }
    match (length(left), length(right)) {
        (Some(left), Some(right)) => joined(left, negative(right)),
        (None, Some(span)) => shift(state, left, &negative(span)),
        (Some(_), None) => Err(refused("a date cannot be taken from a length of time")),
        (None, None) => days_between(&moment(state, right)?, &moment(state, left)?),
    }
}

pub(super) fn negate(value: &Value) -> Result<Value, Error> {
    match length(value) {
        Some(spans) => Ok(Value::from_object(Length(negative(spans)))),
        None => NEGATIVE.eval(context! { left => value }),
    }
}

/// The whole days from one moment to another, as a number.
fn days_between(from: &Moment, to: &Moment) -> Result<Value, Error> {
    let days = match (from, to) {
        (Moment::Instant(from), Moment::Instant(to)) => {
            (to.timestamp() - from.timestamp()).as_hours() / 24
        }
        (Moment::Day(from), Moment::Day(to)) => i64::from((*to - *from).get_days()),
        _ => return Err(day_and_moment()),
    };
    Ok(Value::from(days))
}

fn length(value: &Value) -> Option<&[Span]> {
    value
        .downcast_object_ref::<Length>()
        .map(|length| length.0.as_slice())
}

fn negative(spans: &[Span]) -> Vec<Span> {
    spans.iter().map(|span| span.negate()).collect()
}

fn joined(left: &[Span], right: Vec<Span>) -> Result<Value, Error> {
    let mut spans = left.to_vec();
    spans.extend(right);
    if spans.len() > MOST_SPANS {
        return Err(refused(format!("a length of more than {MOST_SPANS} parts")));
    }
    Ok(Value::from_object(Length(spans)))
}

fn shift(state: &State<'_, '_>, value: &Value, spans: &[Span]) -> Result<Value, Error> {
    let mut moment = moment(state, value)?;
    for span in spans {
        moment = match moment {
            Moment::Instant(at) => Moment::Instant(at.checked_add(*span).map_err(refused)?),
            Moment::Day(_) if span.fieldwise() != span_of_days(span) => {
                return Err(refused(
                    "a day can be moved by days, weeks, months and years only",
                ));
            }
            Moment::Day(day) => Moment::Day(day.checked_add(*span).map_err(refused)?),
        };
    }
    Ok(Value::from_object(moment))
}

fn span_of_days(span: &Span) -> jiff::SpanFieldwise {
    span.get_years()
        .years()
        .months(span.get_months())
        .weeks(span.get_weeks())
        .days(span.get_days())
        .fieldwise()
}

/// Whether a value is a date that a function made, or a length of time.
pub(super) fn is_date(value: &Value) -> bool {
    value.downcast_object_ref::<Moment>().is_some() || length(value).is_some()
}

/// The order of two values of which at least one is a date that a function made; the other may be one that Sugar printed.
/// None, where neither is.
pub(super) fn order(
    state: &State<'_, '_>,
    left: &Value,
    right: &Value,
) -> Result<Option<Ordering>, Error> {
    if !is_date(left) && !is_date(right) {
        return Ok(None);
    }
    if length(left).is_some() || length(right).is_some() {
        return Err(refused(
            "a length of time is compared; compare dates, `item.date < today() - days(3)`, or numbers of days",
        ));
    }
    let is_nothing = |value: &Value| value.is_none() || value.as_str().is_some_and(str::is_empty);
    if is_nothing(left) || is_nothing(right) {
        return Err(refused(
            "a date is compared with nothing; ask first whether there is one: `item.date and item.date < today()`",
        ));
    }
    match (moment(state, left)?, moment(state, right)?) {
        (Moment::Instant(left), Moment::Instant(right)) => {
            Ok(Some(left.timestamp().cmp(&right.timestamp())))
        }
        (Moment::Day(left), Moment::Day(right)) => Ok(Some(left.cmp(&right))),
        _ => Err(day_and_moment()),
    }
}

fn day_and_moment() -> Error {
    refused("a day and a moment cannot be compared; use `today()` with days, `now()` with moments")
}

fn within(local: DateTime, zone: &TimeZone) -> Result<ZonedDateTime, Error> {
    let at = zone.to_timestamp(local).map_err(refused)?;
    Ok(at.to_zoned_datetime(zone.clone()))
}

/// Reads what a template holds as a moment: one of ours, or text in the forms Sugar prints.
pub(super) fn moment(state: &State<'_, '_>, value: &Value) -> Result<Moment, Error> {
    if let Some(moment) = value.downcast_object_ref::<Moment>() {
        return Ok(moment.clone());
    }
    let text = value
        .as_str()
        .ok_or_else(|| refused(format!("`{value}` is not a date")))?;
    if let Ok(day) = text.parse::<Date>()
        && text.len() == 10
    {
        return Ok(Moment::Day(day));
    }
    let zone = &clock(state)?.zone;
    if let Ok(at) = text.parse::<Timestamp>() {
        let zone = zone.clone().unwrap_or(TimeZone::UTC);
        return Ok(Moment::Instant(at.to_zoned_datetime(zone)));
    }
    match (text.parse::<DateTime>(), zone) {
        (Ok(local), Some(zone)) => Ok(Moment::Instant(within(local, zone)?)),
        (Ok(_), None) => Err(refused(format!(
            "`{text}` has no offset from UTC: write one, or set `settings.timezone`"
        ))),
        (Err(_), _) => Err(refused(format!(
            "`{text}` is not a date; use `parse_date(text, format)`"
        ))),
    }
}
