//! Months of the calendar on the numbers of days alone: a term is added to the day of each purchase that is cancelled, and
//! `chrono` would take the day to pieces and put it together again on the way in and on the way out.
//!
//! A year is taken to begin in March, so that the day that some years have more is its last; months are counted from March
//! of the year 0. The divisions are those of Neri and Schneider, “Euclidean affine functions and their application to
//! calendar algorithms”, 2022.

use super::is_day;

/// What the number of 1 March of the year 0 lacks to zero: days are counted from it.
const FROM_MARCH: i64 = 305;
/// Days of 400 years.
const ERA: u32 = 146_097;
/// Days that every month has.
const SHORTEST: u32 = 28;
/// Months up to 31 December 9999.
const MONTHS: i64 = 120_000;

/// The number of the day so many months later (earlier when negative), or of the last day of that month where it is
/// shorter; `None` outside the years 0001 to 9999.
pub(super) fn months_later(number: i64, months: i64) -> Option<i64> {
    let (month, day) = month_and_day(u32::try_from(number.checked_add(FROM_MARCH)?).ok().filter(|_| is_day(number))?);
    let later = i64::from(month).checked_add(months).filter(|later| (0..MONTHS).contains(later))?;
    let later = u32::try_from(later).ok()?;
    let mut number = first_of(later).wrapping_add(day);
    if day >= SHORTEST {
        number = number.min(first_of(later.wrapping_add(1)).wrapping_sub(1));
    }
    Some(i64::from(number).wrapping_sub(FROM_MARCH)).filter(|number| is_day(*number))
}

/// The month of a day, and which of its days it is, counted from 0. All fits for the days of ten thousand years.
fn month_and_day(day: u32) -> (u32, u32) {
    let quarters = day.wrapping_mul(4) | 3;
    let (century, rest) = (quarters / ERA, (quarters % ERA) | 3);
    let years = u64::from(rest).wrapping_mul(2_939_745);
    let (year, part) = (years >> 32, years & u64::from(u32::MAX));
    let day_of_year = part / 2_939_745 / 4;
    let months = day_of_year.wrapping_mul(2_141).wrapping_add(1_305);
    let year = u64::from(century).wrapping_mul(100).wrapping_add(year);
    let month = year.wrapping_mul(12).wrapping_add(months >> 16);
    (u32::try_from(month).unwrap_or(u32::MAX), u32::try_from((months & 0xffff) / 2_141).unwrap_or(u32::MAX))
}

/// The first day of a month.
fn first_of(month: u32) -> u32 {
    let (year, month) = (month / 12, month % 12);
    let century = year / 100;
    let days_of_years = (year.wrapping_mul(1_461) / 4).wrapping_sub(century).wrapping_add(century / 4);
    days_of_years.wrapping_add(month.wrapping_mul(979).wrapping_add(18) / 32)
}

#[cfg(test)]
mod tests {
    use super::super::LAST_DAY;
    use super::*;
    use chrono::{Datelike, Months, NaiveDate};

    /// As the calendar of `chrono` has it.
    fn by_chrono(number: i64, months: i32) -> Option<i64> {
        let date = NaiveDate::from_num_days_from_ce_opt(i32::try_from(number).ok()?)?;
        let by = Months::new(months.unsigned_abs());
        let later = if months < 0 { date.checked_sub_months(by) } else { date.checked_add_months(by) }?;
        (1..=9999).contains(&later.year()).then(|| later.num_days_from_ce().into())
    }

    #[test]
    fn months_later_are_those_of_the_calendar() {
        // Every day of four hundred years by the lengths of terms, and every eleventh of all years by many.
        for number in 700_000..700_000 + i64::from(ERA) {
            for months in [1, 12, 36] {
                assert_eq!(months_later(number, months.into()), by_chrono(number, months), "{number} {months}");
            }
        }
        for number in (1..=LAST_DAY).step_by(11).chain([LAST_DAY]) {
            let months = i32::try_from(number * 7_919 % 240_001).unwrap_or_default() - 120_000;
            assert_eq!(months_later(number, months.into()), by_chrono(number, months), "{number} {months}");
            assert_eq!(months_later(number, 0), Some(number));
        }
    }

    #[test]
    fn what_is_no_day_has_no_months() {
        for (number, months) in
            [(0, 0), (-1, 12), (LAST_DAY + 1, -1), (i64::MAX, 1), (1, i64::MAX), (1, i64::MIN), (1, -1)]
        {
            assert_eq!(months_later(number, months), None, "{number} {months}");
        }
        assert_eq!(months_later(LAST_DAY, 1), None);
    }
}
