//! A sum of floating-point numbers that loses nothing to the numbers' order or number.

/// A running sum with the roundings of its steps: `Sum2` of T. Ogita, S. M. Rump and S. Oishi,
/// "Accurate sum and dot product", SIAM Journal on Scientific Computing 26 (2005), as good as a sum
/// in twice the precision. So numbers can be taken out again that are far greater than the rest.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CompensatedSum {
    sum: f64,
    rounding: f64,
}

impl CompensatedSum {
    /// Adds a number; its negative takes it out again.
    pub(super) fn add(&mut self, number: f64) {
        let sum = self.sum + number;
        let added = sum - self.sum;
        self.rounding += (self.sum - (sum - added)) + (number - added);
        self.sum = sum;
    }

    /// The sum so far.
    pub(super) fn value(&self) -> f64 {
        self.sum + self.rounding
    }
}

impl FromIterator<f64> for CompensatedSum {
    fn from_iter<I: IntoIterator<Item = f64>>(numbers: I) -> Self {
        let mut sum = Self::default();
        for number in numbers {
            sum.add(number);
        }
        sum
    }
}
