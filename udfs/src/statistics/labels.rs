//! What the two groups of a comparison are called.

use crate::FunctionError;

/// The labels of the groups seen so far: at most two.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels(Vec<String>);

impl Labels {
    /// The number of a group, 0 or 1, in the order in which they were seen.
    ///
    /// # Errors
    /// 22023 for a third group.
    pub(super) fn index_of(&mut self, function: &str, label: &str) -> Result<usize, FunctionError> {
        if let Some(known) = self.0.iter().position(|known| known == label) {
            return Ok(known);
        }
        if let [first, second] = self.0.as_slice() {
            let mut labels = [first.as_str(), second.as_str(), label];
            labels.sort_unstable();
            return Err(FunctionError::invalid_argument(format!(
                "{function}: the group has more than two values: '{}', '{}', '{}'",
                labels[0], labels[1], labels[2]
            ))
            .with_hint(
                "Leave rows of other groups out with WHERE or FILTER, or give a condition.",
            ));
        }
        self.0.push(label.to_owned());
        Ok(self.0.len() - 1)
    }

    /// The number of the reference group and that of the other one, where there are two: `true`
    /// is the reference, and of texts the one that sorts first.
    pub(super) fn reference_and_other(&self, is_boolean: bool) -> Option<(usize, usize)> {
        let [first, second] = self.0.as_slice() else {
            return None;
        };
        match (first < second) != is_boolean {
            true => Some((0, 1)),
            false => Some((1, 0)),
        }
    }

    /// The labels in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Memory in bytes.
    pub(super) fn size(&self) -> usize {
        let labels = self.0.iter().map(String::capacity).sum::<usize>();
        labels + self.0.capacity() * size_of::<String>()
    }
}
