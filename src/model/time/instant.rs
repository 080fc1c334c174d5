//! A timestamp in one machine word, for deciding.

use chrono::{DateTime, Datelike, NaiveDate};

use super::{Timestamp, is_day};

/// The number of 1 January 1970.
const EPOCH: i64 = 719_163;
const DAY_MICROS: i64 = 86_400_000_000;

/// A timestamp in one machine word: microseconds, and whether it is a whole day. Ordered like timestamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(i64);

impl Instant {
    /// The word of a timestamp; `None` where it is finer than microseconds, or a leap second.
    pub(crate) fn of(timestamp: Timestamp) -> Option<Self> {
        let micros = timestamp.instant.timestamp_micros();
        let nanos = timestamp.instant.timestamp_subsec_nanos();
        // A leap second counts on beyond its second, so its micros are those of the next day.
        let exact = nanos.is_multiple_of(1_000) && nanos < 1_000_000_000;
        Self::new(micros, timestamp.whole_day).filter(|_| exact)
    }

    /// Reads `YYYY-MM-DDTHH:MM:SSZ` and nothing else; what it does not read is for [`Timestamp::parse`] to judge.
    pub(crate) fn parse_plain(text: &str) -> Option<Self> {
        let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'Z'] = bytes
        else {
            return None;
        };
        let digit = |byte: u8| byte.checked_sub(b'0').filter(|digit| *digit < 10).map(u32::from);
        let two = |tens: u8, ones: u8| digit(tens)?.checked_mul(10)?.checked_add(digit(ones)?);
        let year = two(y1, y2)?.checked_mul(100)?.checked_add(two(y3, y4)?)?;
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, two(m1, m2)?, two(d1, d2)?)?;
        let (hour, minute, second) = (two(h1, h2)?, two(n1, n2)?, two(s1, s2)?);
        if hour > 23 || minute > 59 || second > 59 || year == 0 {
            return None;
        }
        let seconds = i64::from(hour).checked_mul(3600)?.checked_add(i64::from(minute).checked_mul(60)?)?;
        let seconds = seconds.checked_add(second.into())?;
        let days = i64::from(date.num_days_from_ce()).checked_sub(EPOCH)?;
        Self::new(days.checked_mul(DAY_MICROS)?.checked_add(seconds.checked_mul(1_000_000)?)?, false)
    }

    fn new(micros: i64, whole_day: bool) -> Option<Self> {
        micros.checked_mul(2)?.checked_add(whole_day.into()).map(Self)
    }

    /// The word as it is kept.
    pub(crate) fn bits(self) -> i64 {
        self.0
    }

    /// The timestamp of a word that was kept.
    pub(crate) fn from_bits(bits: i64) -> Self {
        Self(bits)
    }

    fn micros(self) -> i64 {
        self.0 >> 1
    }

    fn is_whole_day(self) -> bool {
        self.0 & 1 == 1
    }

    /// The timestamp.
    pub(crate) fn timestamp(self) -> Option<Timestamp> {
        let instant = DateTime::from_timestamp_micros(self.micros())?;
        Some(Timestamp { instant, whole_day: self.is_whole_day() })
    }

    /// The number of its UTC date, see [`Date::number`].
    pub(crate) fn date_number(self) -> i64 {
        self.micros().div_euclid(DAY_MICROS).saturating_add(EPOCH)
    }

    /// See [`Timestamp::is_after`].
    pub(crate) fn is_after(self, other: Self) -> bool {
        if (self.0 | other.0) & 1 == 1 { self.date_number() > other.date_number() } else { self.0 > other.0 }
    }

    /// See [`Timestamp::seconds_until`].
    pub(crate) fn seconds_until(self, later: Self) -> i64 {
        later.micros().saturating_sub(self.micros()).div_euclid(1_000_000)
    }

    /// See [`Timestamp::plus_seconds`].
    pub(crate) fn plus_seconds(self, seconds: i64) -> Option<Self> {
        let micros = self.micros().checked_add(seconds.checked_mul(1_000_000)?)?;
        Self::new(micros, self.is_whole_day()).filter(|later| is_day(later.date_number()))
    }

    /// The start of a day by its number.
    pub(crate) fn start_of(number: i64) -> Option<Self> {
        Self::new(number.checked_sub(EPOCH)?.checked_mul(DAY_MICROS)?, false)
    }
}
