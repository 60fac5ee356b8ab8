//! The codes of a word whose sounds may be read in more than one way.
//!
//! Codes grow digit by digit as branches of a tree. In what order they come out, and which readings
//! of neighbouring equal digits fall together, is as in PostgreSQL 16 and later.

use super::chart::{self, Rule, Sound};

/// How many digits a code has.
pub(super) const DIGITS: usize = 6;

/// What is not coded.
const NOTHING: u8 = b'X';

/// What follows the last sound: nothing, which is no vowel.
const END: [Sound; 1] = [["X", "X", "X"]];

/// Where in a sound's digits those of a place are.
const AT_BEGINNING: usize = 0;
const BEFORE_VOWEL: usize = 1;
const ELSEWHERE: usize = 2;

/// The beginning of one or more codes.
#[derive(Clone, Debug)]
struct Branch {
    digits: [u8; DIGITS],
    length: usize,
    /// The sound at which the branch was last looked at.
    sound: usize,
    is_leaf: bool,
    /// The digits, coded or not, by which the sound before came here; 0 for none.
    previous: [u8; 2],
    /// Those by which this sound comes here.
    next: [u8; 2],
    /// As a set of bits, the places that these digits are for.
    previous_places: usize,
    next_places: usize,
    children: [Option<usize>; 10],
}

const ROOT: Branch = Branch {
    digits: [b'0'; DIGITS],
    length: 0,
    sound: 0,
    is_leaf: false,
    previous: [0; 2],
    next: [0; 2],
    previous_places: 0,
    next_places: 0,
    children: [None; 10],
};

/// Codes word after word.
#[derive(Debug, Default)]
pub(super) struct Coder {
    letters: Vec<u8>,
    branches: Vec<Branch>,
    /// Branches that still grow, before and after the sound at hand.
    leaves: Vec<usize>,
    next_leaves: Vec<usize>,
    codes: Vec<[u8; DIGITS]>,
}

impl Coder {
    /// The codes of a word; none where it has no letter of the chart.
    pub(super) fn codes(&mut self, word: &str) -> &[[u8; DIGITS]] {
        self.letters.clear();
        self.letters.extend(word.chars().filter_map(chart::letter));
        self.codes.clear();
        self.branches.clear();
        self.branches.push(ROOT);
        self.leaves.clear();
        self.leaves.push(0);
        let letters = std::mem::take(&mut self.letters);
        let mut rest = &letters[..];
        let mut current = take(&mut rest);
        if current.is_none() {
            self.leaves.clear();
        }
        let mut number = 0;
        while let Some((_, sounds)) = current
            && !self.leaves.is_empty()
        {
            let next = take(&mut rest);
            let following = next.map_or(&END[..], |(_, sounds)| sounds);
            self.add(number, sounds, following);
            current = next;
            number += 1;
        }
        self.letters = letters;
        let unfinished = self.leaves.iter().map(|leaf| self.branches[*leaf].digits);
        self.codes.extend(unfinished);
        &self.codes
    }

    /// Grows every leaf by a sound, in each way that it and the following one may be read.
    fn add(&mut self, number: usize, sounds: &[Sound], following: &[Sound]) {
        self.next_leaves.clear();
        for leaf in 0..self.leaves.len() {
            for sound in sounds {
                let fits = if is_vowel(sound) {
                    BEFORE_VOWEL
                } else {
                    ELSEWHERE
                };
                for following in following {
                    let place = if number == 0 {
                        AT_BEGINNING
                    } else if is_vowel(following) {
                        BEFORE_VOWEL
                    } else {
                        ELSEWHERE
                    };
                    let step = Step {
                        number,
                        fits,
                        place,
                        digits: sound[place].as_bytes(),
                    };
                    self.grow(self.leaves[leaf], step, 0);
                }
            }
        }
        std::mem::swap(&mut self.leaves, &mut self.next_leaves);
    }

    /// Grows a branch by a sound's digits, from one of them on.
    fn grow(&mut self, branch: usize, step: Step<'_>, from: usize) {
        self.look_at(branch, step.number);
        let found = &self.branches[branch];
        // The sound before was read as one before a vowel, or not; only J can be either.
        if found.previous_places != 0 && found.previous_places & step.fits == 0 {
            return;
        }
        let digit = step.digits[from];
        let repeats = from == 0 && found.previous.contains(&digit);
        let stays = digit == NOTHING || repeats;
        let only_repeats = from == 0 && found.previous[0] == digit && found.previous[1] == 0;
        let grows = digit != NOTHING && !only_repeats;
        let child = if grows {
            self.child(branch, digit)
        } else {
            None
        };
        if let Some(child) = child {
            self.look_at(child, step.number);
        }
        let reached = [stays.then_some(branch), child];
        for (skipped, branch) in reached.into_iter().flatten().enumerate() {
            self.come_to(branch, step.place, digit);
            // Where both are reached, PostgreSQL skips a digit on the way to the second.
            let next = from + 1 + skipped;
            if next < step.digits.len() {
                self.grow(branch, step, next);
            } else if !self.branches[branch].is_leaf {
                self.branches[branch].is_leaf = true;
                self.next_leaves.push(branch);
            }
        }
    }

    /// Turns what came to a branch at the sound before into what was there before.
    fn look_at(&mut self, branch: usize, number: usize) {
        let branch = &mut self.branches[branch];
        if branch.sound < number {
            branch.previous = std::mem::take(&mut branch.next);
            branch.previous_places = std::mem::take(&mut branch.next_places);
            branch.is_leaf = false;
            branch.sound = number;
        }
    }

    fn come_to(&mut self, branch: usize, place: usize, digit: u8) {
        let branch = &mut self.branches[branch];
        branch.next_places |= place;
        if branch.next[0] == 0 {
            branch.next[0] = digit;
        } else if branch.next[0] != digit {
            branch.next[1] = digit;
        }
    }

    /// The branch that goes on with a digit; none where the code is thereby complete.
    fn child(&mut self, parent: usize, digit: u8) -> Option<usize> {
        let place = usize::from(digit - b'0');
        let found = &self.branches[parent];
        if let Some(child) = found.children[place] {
            return (self.branches[child].length < DIGITS).then_some(child);
        }
        let mut child = Branch {
            digits: found.digits,
            length: found.length + 1,
            ..ROOT
        };
        child.digits[found.length] = digit;
        let (length, digits) = (child.length, child.digits);
        let number = self.branches.len();
        self.branches[parent].children[place] = Some(number);
        self.branches.push(child);
        if length < DIGITS {
            return Some(number);
        }
        self.codes.push(digits);
        None
    }
}

/// One reading of a sound.
#[derive(Clone, Copy, Debug)]
struct Step<'a> {
    /// Which of the word's sounds it is.
    number: usize,
    /// The place that the sound before must have been read for.
    fits: usize,
    place: usize,
    digits: &'a [u8],
}

fn is_vowel(sound: &Sound) -> bool {
    sound[AT_BEGINNING].as_bytes()[0] <= b'1'
}

/// Takes the letters of the next sound; every letter of the chart begins one.
fn take(letters: &mut &[u8]) -> Option<&'static Rule> {
    let rule = chart::longest(letters)?;
    *letters = &letters[rule.0.len()..];
    Some(rule)
}
