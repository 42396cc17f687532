//! Tokens that others sign: their keys, and whether a signature is one of them. Whose keys they are, and what the
//! claims have to be, is for the use case that asks.

mod published;
mod signature;
mod strict;

pub(crate) use published::{Unusable, fetch_keys, holds_private, read_keys};
pub(crate) use signature::{Distrust, verify};
pub(crate) use strict::{Token, strict};
