//! Dates, instants and calendar durations. The only place that names `chrono`.

mod civil;
mod instant;
pub mod zone;

use std::cmp::Ordering;
use std::fmt;

use chrono_tz::Tz;

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Timelike, Utc};

/// A civil date, years 0001 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(NaiveDate);

impl Date {
    /// Reads `YYYY-MM-DD` and nothing else.
    ///
    /// ```
    /// use clausal::Date;
    /// assert_eq!(Date::parse("2024-02-29").map(|d| d.to_string()), Some("2024-02-29".into()));
    /// assert_eq!(Date::parse("2021-02-30"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 10
            && bytes.iter().enumerate().all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() });
        if !shape {
            return None;
        }
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Self::bounded(date)
    }

    fn bounded(date: NaiveDate) -> Option<Self> {
        (1..=9999).contains(&date.year()).then_some(Self(date))
    }

    /// Days from `self` to `later`; negative when `later` is earlier.
    #[must_use]
    pub fn days_until(self, later: Self) -> i64 {
        later.0.signed_duration_since(self.0).num_days()
    }

    /// The date `days` later (earlier when negative); `None` outside the years 0001 to 9999.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Option<Self> {
        let step = Days::new(days.unsigned_abs());
        let date = if days < 0 { self.0.checked_sub_days(step)? } else { self.0.checked_add_days(step)? };
        Self::bounded(date)
    }

    /// The date after a calendar duration: months first (clamped to the month's last day), then days; the hours of a
    /// duration count as whole days only. `None` outside the years 0001 to 9999.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Option<Self> {
        day_after(self.number(), duration).and_then(Self::from_number)
    }

    /// Midnight UTC at the start of the date.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp { instant: self.0.and_time(NaiveTime::MIN).and_utc(), whole_day: false }
    }
}

/// The number of 31 December 9999.
pub(crate) const LAST_DAY: i64 = 3_652_059;

impl Date {
    /// Days since 31 December of the year 0: 1 for 1 January 0001.
    pub(crate) fn number(self) -> i64 {
        self.0.num_days_from_ce().into()
    }

    /// The date of a number; `None` outside the years 0001 to 9999.
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        let number = i32::try_from(number).ok().filter(|_| is_day(number))?;
        NaiveDate::from_num_days_from_ce_opt(number).map(Self)
    }
}

pub(crate) use instant::Instant;

/// The number of the date after a calendar duration, see [`Date::plus`].
pub(crate) fn day_after(number: i64, duration: Duration) -> Option<i64> {
    let later = civil::months_later(number, duration.months.into())?;
    let days = duration.days.checked_add(duration.seconds.checked_div(86_400)?)?;
    later.checked_add(days).filter(|later| is_day(*later))
}

/// Whether a number is that of a day in the years 0001 to 9999.
pub(crate) fn is_day(number: i64) -> bool {
    (1..=LAST_DAY).contains(&number)
}

impl Date {
    /// The first instant of the date in a named time zone, also where its clocks leave out midnight or the whole day. `None`
    /// for an unknown zone, or outside the years 0001 to 9999.
    ///
    /// ```
    /// use clausal::Date;
    /// let start = Date::parse("2018-11-04").and_then(|date| date.start_in("America/Sao_Paulo"));
    /// assert_eq!(start.map(|t| t.to_string()).as_deref(), Some("2018-11-04T03:00:00Z"));
    /// ```
    #[must_use]
    pub fn start_in(self, zone: &str) -> Option<Timestamp> {
        let zone: Tz = zone.parse().ok()?;
        let midnight = self.0.and_time(NaiveTime::MIN);
        let instant = match midnight.and_local_timezone(zone).earliest() {
            Some(instant) => instant.to_utc(),
            None => {
                // No midnight: by the clocks of the day before it would be the instant at which they were changed.
                let before = midnight.checked_sub_signed(TimeDelta::hours(36))?;
                let offset = zone.offset_from_utc_datetime(&before).fix();
                midnight.checked_sub_offset(offset)?.and_utc()
            }
        };
        Date::bounded(instant.date_naive())?;
        Some(Timestamp { instant, whole_day: false })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let year = self.0.year().unsigned_abs();
        let ([y1, y2], [y3, y4]) = (two_digits(year / 100), two_digits(year % 100));
        let ([m1, m2], [d1, d2]) = (two_digits(self.0.month()), two_digits(self.0.day()));
        written(f, &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2])
    }
}

/// Times are written all the time, and `write!` parses nothing but costs ten times as much.
fn two_digits(number: u32) -> [u8; 2] {
    let digit = |digit: u32| u8::try_from(digit % 10).unwrap_or_default().saturating_add(b'0');
    [digit(number / 10), digit(number)]
}

fn written(f: &mut fmt::Formatter<'_>, ascii: &[u8]) -> fmt::Result {
    f.write_str(std::str::from_utf8(ascii).map_err(|_| fmt::Error)?)
}

/// An instant, or a whole UTC day where only a date was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    instant: DateTime<Utc>,
    whole_day: bool,
}

impl Timestamp {
    /// Reads RFC 3339 with up to nine fraction digits and any offset, or a bare date, which means that UTC day. A leap
    /// second (`23:59:60`) is not read: elapsed time is counted in days of 86 400 seconds, in which it has no place.
    ///
    /// ```
    /// use clausal::Timestamp;
    /// let t = Timestamp::parse("2021-06-10T17:33:56.1306495+14:00").expect("a timestamp");
    /// assert_eq!(t.date().to_string(), "2021-06-10");
    /// assert!(Timestamp::parse("2021-06-10T24:00:00Z").is_none());
    /// assert!(Timestamp::parse("2016-12-31T23:59:60Z").is_none());
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(date) = Date::parse(text) {
            return Some(Self { whole_day: true, ..date.start() });
        }
        if !text.is_ascii() || !has_rfc3339_shape(text) || names_leap_second(text) {
            return None;
        }
        let instant: DateTime<FixedOffset> = DateTime::parse_from_rfc3339(text).ok()?;
        let instant = instant.with_timezone(&Utc);
        Date::bounded(instant.date_naive())?;
        Some(Self { instant, whole_day: false })
    }

    /// The instant so many seconds and nanoseconds after 1970-01-01T00:00:00Z, for callers that read a clock; `None`
    /// outside the years 0001 to 9999.
    ///
    /// ```
    /// use clausal::Timestamp;
    /// let t = Timestamp::from_unix(1_622_592_000, 0).map(|t| t.to_string());
    /// assert_eq!(t.as_deref(), Some("2021-06-02T00:00:00Z"));
    /// ```
    #[must_use]
    pub fn from_unix(seconds: i64, nanoseconds: u32) -> Option<Self> {
        let instant = DateTime::from_timestamp(seconds, nanoseconds)?;
        Date::bounded(instant.date_naive())?;
        Some(Self { instant, whole_day: false })
    }

    /// The UTC date.
    #[must_use]
    pub fn date(self) -> Date {
        Date(self.instant.date_naive())
    }

    /// The date in a named time zone (`Europe/Oslo`); a whole day keeps its date, and where the zone is already (or still)
    /// beyond the years 0001 to 9999, so does an instant. `None` for an unknown zone.
    ///
    /// ```
    /// use clausal::Timestamp;
    /// let t = Timestamp::parse("2021-06-30T23:30:00Z").expect("a timestamp");
    /// assert_eq!(t.date_in("Asia/Tokyo").map(|d| d.to_string()).as_deref(), Some("2021-07-01"));
    /// ```
    #[must_use]
    pub fn date_in(self, zone: &str) -> Option<Date> {
        let zone: Tz = zone.parse().ok()?;
        if self.whole_day {
            return Some(self.date());
        }
        Some(Date::bounded(self.instant.with_timezone(&zone).date_naive()).unwrap_or_else(|| self.date()))
    }

    /// The instant so many seconds later (earlier when negative); `None` outside the years 0001 to 9999.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Option<Self> {
        let instant = self.instant.checked_add_signed(TimeDelta::try_seconds(seconds)?)?;
        Date::bounded(instant.date_naive())?;
        Some(Self { instant, ..self })
    }

    /// The instant `days` times 24 hours later (earlier when negative); `None` outside the years 0001 to 9999.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Option<Self> {
        let instant = self.instant.checked_add_signed(TimeDelta::try_days(days)?)?;
        Date::bounded(instant.date_naive())?;
        Some(Self { instant, whole_day: self.whole_day })
    }

    /// Whether only a date was written.
    #[must_use]
    pub fn is_whole_day(self) -> bool {
        self.whole_day
    }

    /// Whether `self` is certainly later than `other`: by instant, or by UTC date when one of them is a whole day.
    #[must_use]
    pub fn is_after(self, other: Self) -> bool {
        if self.whole_day || other.whole_day { self.date() > other.date() } else { self.instant > other.instant }
    }

    /// Whole seconds from `self` to `later`, rounded down.
    #[must_use]
    pub fn seconds_until(self, later: Self) -> i64 {
        let delta = later.instant.signed_duration_since(self.instant);
        let seconds = delta.num_seconds();
        if delta < TimeDelta::seconds(seconds) { seconds.saturating_sub(1) } else { seconds }
    }
}

/// Whether a time is written with a sixtieth second.
pub(crate) fn names_leap_second(text: &str) -> bool {
    text.get(10..19).is_some_and(|time| time.starts_with(['T', 't']) && time.ends_with(":60"))
}

/// chrono accepts a space for `T` and more than nine fraction digits; the contract does not.
fn has_rfc3339_shape(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !matches!(bytes.get(10), Some(b'T' | b't')) {
        return false;
    }
    match bytes.get(19) {
        Some(b'.') => {
            let digits = bytes.iter().skip(20).take_while(|b| b.is_ascii_digit()).count();
            (1..=9).contains(&digits)
        }
        Some(_) => true,
        None => false,
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.whole_day {
            return self.date().fmt(f);
        }
        if self.instant.nanosecond() == 0 {
            let ([h1, h2], [m1, m2]) = (two_digits(self.instant.hour()), two_digits(self.instant.minute()));
            let [s1, s2] = two_digits(self.instant.second());
            self.date().fmt(f)?;
            return written(f, &[b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z']);
        }
        let text = self.instant.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
        f.write_str(&text)
    }
}

/// A calendar duration as ISO 8601 writes it: months (and years), days (and weeks), seconds (and minutes, hours).
///
/// Durations are ordered by their nominal length, a month counting as 30.436875 days (the Gregorian mean).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Duration {
    /// Years and months, in months.
    pub months: i32,
    /// Weeks and days, in days.
    pub days: i64,
    /// Hours, minutes and seconds, in seconds.
    pub seconds: i64,
}

impl Duration {
    /// Reads `P1Y`, `P3M`, `P2W`, `P30D`, `PT24H`, `P1Y2M3DT4H5M6S`. No fractions, no signs, at most 9999 years.
    ///
    /// ```
    /// use clausal::Duration;
    /// assert_eq!(Duration::parse("P3Y").map(|d| d.months), Some(36));
    /// assert_eq!(Duration::parse("P"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('P')?;
        let mut out = Self { months: 0, days: 0, seconds: 0 };
        let (mut in_time, mut rank, mut any) = (false, 0_u8, false);
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('T') {
                if in_time || after.is_empty() {
                    return None;
                }
                (in_time, rest, rank) = (true, after, 10);
                continue;
            }
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, unit_on) = rest.split_at_checked(digits)?;
            let amount: i64 = number.parse().ok().filter(|n| *n <= 9_999_999)?;
            let unit = unit_on.chars().next()?;
            rest = unit_on.strip_prefix(unit)?;
            let unit_rank = out.add(amount, unit, in_time)?;
            if unit_rank <= rank && any {
                return None;
            }
            (rank, any) = (unit_rank, true);
        }
        (any && out.months <= 119_988 && out.days <= 3_652_059).then_some(out)
    }

    fn add(&mut self, amount: i64, unit: char, in_time: bool) -> Option<u8> {
        let month = |n: i64| i32::try_from(n).ok();
        match (unit, in_time) {
            ('Y', false) => self.months = self.months.checked_add(month(amount.checked_mul(12)?)?)?,
            ('M', false) => self.months = self.months.checked_add(month(amount)?)?,
            ('W', false) => self.days = self.days.checked_add(amount.checked_mul(7)?)?,
            ('D', false) => self.days = self.days.checked_add(amount)?,
            ('H', true) => self.seconds = self.seconds.checked_add(amount.checked_mul(3600)?)?,
            ('M', true) => self.seconds = self.seconds.checked_add(amount.checked_mul(60)?)?,
            ('S', true) => self.seconds = self.seconds.checked_add(amount)?,
            _ => return None,
        }
        Some(match (unit, in_time) {
            ('Y', _) => 1,
            ('M', false) => 2,
            ('W', _) => 3,
            ('D', _) => 4,
            ('H', _) => 11,
            ('M', true) => 12,
            _ => 13,
        })
    }

    fn nominal_seconds(self) -> i64 {
        i64::from(self.months)
            .saturating_mul(2_629_746)
            .saturating_add(self.days.saturating_mul(86_400))
            .saturating_add(self.seconds)
    }
}

impl PartialOrd for Duration {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Duration {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.nominal_seconds(), self.months, self.days, self.seconds).cmp(&(
            other.nominal_seconds(),
            other.months,
            other.days,
            other.seconds,
        ))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P")?;
        let (years, months) = (self.months.div_euclid(12), self.months.rem_euclid(12));
        for (amount, unit) in [(i64::from(years), 'Y'), (i64::from(months), 'M'), (self.days, 'D')] {
            if amount != 0 {
                write!(f, "{amount}{unit}")?;
            }
        }
        if self.seconds != 0 {
            f.write_str("T")?;
            let (h, m, s) = (self.seconds / 3600, self.seconds / 60 % 60, self.seconds % 60);
            for (amount, unit) in [(h, 'H'), (m, 'M'), (s, 'S')] {
                if amount != 0 {
                    write!(f, "{amount}{unit}")?;
                }
            }
        }
        if *self == (Self { months: 0, days: 0, seconds: 0 }) { f.write_str("T0S") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_as_written() {
        for text in ["P1M", "P1Y", "P3Y", "P30D", "PT24H", "P1Y2M3DT4H5M6S", "PT0S"] {
            assert_eq!(Duration::parse(text).map(|d| d.to_string()).as_deref(), Some(text));
        }
    }

    #[test]
    fn malformed_durations_are_refused() {
        for text in ["", "P", "PT", "1Y", "P1", "P1H", "PT1D", "P1D1Y", "P-1D", "P1.5D", "P1YT", "P99999999Y", "p1y"] {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
    }

    #[test]
    fn timestamps_keep_to_the_contract() {
        for text in
            ["2021-06-10T09:00:00Z", "2021-06-10t09:00:00.123456789z", "2021-06-10T23:00:00-12:00", "2021-06-10"]
        {
            assert!(Timestamp::parse(text).is_some(), "{text}");
        }
        for text in [
            "2021-06-10T09:00:00",
            "2021-06-10 09:00:00Z",
            "2021-06-10T09:00:00.1234567890Z",
            "2021-06-10T09:00Z",
            "2021-13-10",
            "10000-01-01",
            "2021-6-1",
            "",
        ] {
            assert!(Timestamp::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_whole_day_is_not_after_any_of_its_instants() {
        let day = Timestamp::parse("2021-06-10");
        let noon = Timestamp::parse("2021-06-10T12:00:00Z");
        assert_eq!(day.zip(noon).map(|(d, n)| (d.is_after(n), n.is_after(d))), Some((false, false)));
    }
}
