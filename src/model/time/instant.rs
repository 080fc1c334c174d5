//! A timestamp in one machine word, for deciding.

use chrono::{DateTime, Datelike, NaiveDate};

use super::{LAST_DAY, Timestamp, is_day};

/// The number of 1 January 1970.
const EPOCH: i64 = 719_163;
const DAY_MICROS: i64 = 86_400_000_000;

/// The bits of the microseconds of a day, and of whether it is a whole day.
const BELOW_DAY: u32 = 38;
/// Days are counted from here, so that those of ten thousand years take 22 bits with their sign, and an instant sixty.
const MIDDLE: i64 = 1_826_030;

/// A timestamp in one machine word: its UTC day, its microseconds, and whether it is a whole day. Ordered like timestamps.
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
        Self::on(date.num_days_from_ce().into(), seconds.checked_mul(1_000_000)?, false)
    }

    /// Of microseconds since 1 January 1970.
    fn new(micros: i64, whole_day: bool) -> Option<Self> {
        let day = micros.div_euclid(DAY_MICROS).checked_add(EPOCH)?;
        Self::on(day, micros.rem_euclid(DAY_MICROS), whole_day)
    }

    /// Of the number of a day, and the microseconds of it.
    fn on(day: i64, micros: i64, whole_day: bool) -> Option<Self> {
        let day = day.checked_sub(MIDDLE)?;
        let bits = day << BELOW_DAY;
        (bits >> BELOW_DAY == day).then_some(Self(bits | micros << 1 | i64::from(whole_day)))
    }

    /// The words of the first and the last instant that a request can state in microseconds.
    pub(crate) fn ends() -> Option<(i64, i64)> {
        Some((Self::on(1, 0, false)?.0, Self::on(LAST_DAY, DAY_MICROS.checked_sub(1)?, false)?.0))
    }

    /// The word as it is kept.
    pub(crate) fn bits(self) -> i64 {
        self.0
    }

    /// The timestamp of a word that was kept.
    pub(crate) fn from_bits(bits: i64) -> Self {
        Self(bits)
    }

    /// Since 1 January 1970.
    fn micros(self) -> i64 {
        self.date_number().wrapping_sub(EPOCH).wrapping_mul(DAY_MICROS).wrapping_add(self.micros_of_day())
    }

    fn micros_of_day(self) -> i64 {
        (self.0 & ((1 << BELOW_DAY) - 1)) >> 1
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
        (self.0 >> BELOW_DAY).wrapping_add(MIDDLE)
    }

    /// See [`Timestamp::is_after`].
    pub(crate) fn is_after(self, other: Self) -> bool {
        if (self.0 | other.0) & 1 == 1 { self.date_number() > other.date_number() } else { self.0 > other.0 }
    }

    /// See [`Timestamp::seconds_until`].
    pub(crate) fn seconds_until(self, later: Self) -> i64 {
        let days = later.date_number().wrapping_sub(self.date_number());
        let micros = later.micros_of_day().wrapping_sub(self.micros_of_day());
        days.wrapping_mul(86_400).wrapping_add(micros.div_euclid(1_000_000))
    }

    /// See [`Timestamp::plus_seconds`].
    pub(crate) fn plus_seconds(self, seconds: i64) -> Option<Self> {
        let micros = self.micros().checked_add(seconds.checked_mul(1_000_000)?)?;
        Self::new(micros, self.is_whole_day()).filter(|later| is_day(later.date_number()))
    }

    /// The start of a day by its number.
    pub(crate) fn start_of(number: i64) -> Option<Self> {
        Self::on(number, 0, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Around the ends of what there is, around days, and anywhere; whole days too.
    fn timestamps() -> impl Strategy<Value = Timestamp> {
        let seconds = prop_oneof![
            -62_135_596_800_i64..-62_135_500_000,
            253_402_200_000_i64..253_402_300_800,
            1_623_000_000_i64..1_624_000_000,
            (-700_000_i64..2_000_000, -1_i64..2)
                .prop_map(|(day, second)| day.saturating_mul(86_400).saturating_add(second)),
        ];
        (seconds, prop_oneof![Just(0_u32), Just(999_999), 0..1_000_000_u32], 0..4_u8).prop_map(
            |(seconds, micros, whole)| {
                let instant = DateTime::from_timestamp(seconds, micros.saturating_mul(1_000)).unwrap_or_default();
                let timestamp = Timestamp { instant, whole_day: false };
                if whole == 0 { Timestamp { whole_day: true, ..timestamp.date().start() } } else { timestamp }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_word_says_what_its_timestamp_says(a in timestamps(), b in timestamps(), seconds in -100_000_000_i64..100_000_000) {
            let (Some(one), Some(other)) = (Instant::of(a), Instant::of(b)) else { return Err(TestCaseError::fail("no word")) };
            prop_assert_eq!(one.timestamp(), Some(a));
            prop_assert!(one.bits() << 4 >> 4 == one.bits(), "more than sixty bits");
            prop_assert_eq!(one.date_number(), a.date().number());
            prop_assert_eq!(one.is_after(other), a.is_after(b));
            prop_assert_eq!(one.cmp(&other), (a.instant, a.whole_day).cmp(&(b.instant, b.whole_day)));
            prop_assert_eq!(one.seconds_until(other), a.seconds_until(b));
            prop_assert_eq!(one.plus_seconds(seconds).and_then(Instant::timestamp), a.plus_seconds(seconds));
            let text = a.to_string();
            if text.len() == 20 {
                prop_assert_eq!(Instant::parse_plain(&text), Some(one));
            }
            prop_assert_eq!(Instant::start_of(one.date_number()).and_then(Instant::timestamp), Some(a.date().start()));
        }
    }
}
