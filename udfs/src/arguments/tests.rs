//! Arguments of every string type give the same answers.
