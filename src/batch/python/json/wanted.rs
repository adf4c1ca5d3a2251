//! Reading a part of a JSON document: all of it is checked, only what is wanted is made.

use std::sync::Arc;

/// Which parts of a document are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    All,
    /// If it is an object, these members of it, each once; anything else as a whole.
    Members(Vec<(Arc<str>, Wanted)>),
}

impl Wanted {
    /// Nothing of an object.
    pub fn nothing() -> Self {
        Wanted::Members(Vec::new())
    }

    /// What is wanted of a member, if anything is.
    #[inline]
    pub(super) fn member(&self, name: &str) -> Option<&Wanted> {
        match self {
            Wanted::All => Some(self),
            Wanted::Members(members) => {
                members.iter().find(|(wanted, _)| **wanted == *name).map(|(_, wanted)| wanted)
            }
        }
    }

    /// The ways to all values that are wanted: names of members, of a document's, of a member's, and so on.
    /// For a document that is wanted as a whole the one way that goes nowhere.
    pub fn paths(&self) -> Vec<Vec<&str>> {
        let Wanted::Members(members) = self else { return vec![Vec::new()] };
        let mut paths = Vec::new();
        for (name, wanted) in members {
            paths.extend(wanted.paths().into_iter().map(|rest| [&[&**name], &rest[..]].concat()));
        }
        paths
    }

    /// Wants what is at the end of a path of member names, too.
    pub fn add(&mut self, path: &[&str]) {
        let Wanted::Members(members) = self else { return };
        let Some((first, rest)) = path.split_first() else {
            *self = Wanted::All;
            return;
        };
        match members.iter_mut().find(|(name, _)| **name == **first) {
            Some((_, wanted)) => wanted.add(rest),
            None => {
                let mut wanted = Wanted::nothing();
                wanted.add(rest);
                members.push(((*first).into(), wanted));
            }
        }
    }

    /// Wants what another wants, too.
    pub fn merge(&mut self, other: &Wanted) {
        match (&mut *self, other) {
            (Wanted::All, _) => {}
            (_, Wanted::All) => *self = Wanted::All,
            (Wanted::Members(members), Wanted::Members(others)) => {
                for (name, other) in others {
                    match members.iter_mut().find(|(known, _)| known == name) {
                        Some((_, wanted)) => wanted.merge(other),
                        None => members.push((Arc::clone(name), other.clone())),
                    }
                }
            }
        }
    }
}
