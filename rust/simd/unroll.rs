//! Kernels compiled for each of the usual numbers of features.

/// Most features that have kernels of their own.
pub(crate) const MAX_UNROLLED: usize = 5;

/// Calls a method with the number of features as its first constant: short loops
/// unroll, and differences stay in registers. The constant is 0 for other numbers than
/// those of positions and of positions with gray levels or colors; these share a kernel.
macro_rules! unrolled {
    ($n_features:expr, $self:ident.$method:ident $(::<$constant:ident>)? ($($argument:expr),*)) => {
        match $n_features {
            2 => $self.$method::<2 $(, $constant)?>($($argument),*),
            3 => $self.$method::<3 $(, $constant)?>($($argument),*),
            5 => $self.$method::<5 $(, $constant)?>($($argument),*),
            _ => $self.$method::<0 $(, $constant)?>($($argument),*),
        }
    };
}
pub(crate) use unrolled;
