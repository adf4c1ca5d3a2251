//! Zeroed memory for tables: big pieces come straight from the kernel, on huge pages.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ffi::c_void;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// Size and alignment of a huge page.
const HUGE: usize = 2 << 20;

/// Bytes of a cache line.
const CACHE_LINE: usize = 64;

/// Pieces of at least this size get pages of their own. A table of this size already suffers from
/// translating 4 KiB pages, and giving it back to the system is certain.
const MAPPED: usize = HUGE / 2;

/// Types whose all-zero bytes are a valid value and which need no drop.
///
/// # Safety
/// Every implementor must be valid when all of its bytes are zero, and must not implement `Drop`.
pub(super) unsafe trait Zeroed: Copy {}

// SAFETY: integers are valid when zero.
unsafe impl Zeroed for u64 {}
// SAFETY: an array of valid values is valid.
unsafe impl<T: Zeroed, const N: usize> Zeroed for [T; N] {}

/// A slice that was all zero when it was made.
pub(super) struct Memory<T> {
    start: NonNull<T>,
    len: usize,
    owner: Owner,
    items: PhantomData<T>,
}

enum Owner {
    /// A mapping of its own: address and length as the system gave them.
    Mapping(*mut c_void, usize),
    /// The allocator.
    Heap,
}

// SAFETY: a `Memory` owns its items as a `Vec` does.
unsafe impl<T: Send> Send for Memory<T> {}
// SAFETY: shared access gives out shared references only.
unsafe impl<T: Sync> Sync for Memory<T> {}

impl<T: Zeroed> Memory<T> {
    /// `len` zeroed items, at least one.
    pub(super) fn zeroed(len: usize) -> Self {
        assert!(len > 0 && size_of::<T>() > 0);
        let size = len.checked_mul(size_of::<T>()).expect("tables are smaller than the address space");
        if size >= MAPPED
            && let Some(memory) = Self::mapped(len, size)
        {
            return memory;
        }
        Self::on_heap(len)
    }

    /// A mapping that starts at a huge page's border, or nothing when the system refuses.
    fn mapped(len: usize, size: usize) -> Option<Self> {
        let length = size.next_multiple_of(HUGE) + HUGE;
        // SAFETY: a new anonymous mapping touches no memory that exists.
        let address = unsafe {
            mmap_anonymous(
                std::ptr::null_mut(),
                length,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )
        }
        .ok()?;
        let aligned = address.wrapping_byte_add(address.align_offset(HUGE));
        #[cfg(target_os = "linux")]
        {
            use rustix::mm::{Advice, madvise};
            // Only whole huge pages of the items: the rest of the mapping is never touched.
            // SAFETY: the range lies within the mapping just made; the advice changes no content.
            // Without huge pages in the system the call fails, and small pages do as well.
            let _ = unsafe { madvise(aligned, size.next_multiple_of(HUGE), Advice::LinuxHugepage) };
        }
        let start = NonNull::new(aligned.cast::<T>())?;
        Some(Memory { start, len, owner: Owner::Mapping(address, length), items: PhantomData })
    }

    fn on_heap(len: usize) -> Self {
        let layout = heap_layout::<T>(len);
        // SAFETY: the layout's size is not zero.
        let address = unsafe { alloc_zeroed(layout) }.cast::<T>();
        let Some(start) = NonNull::new(address) else { handle_alloc_error(layout) };
        Memory { start, len, owner: Owner::Heap, items: PhantomData }
    }
}

/// Memory for items that start at a cache line's border.
fn heap_layout<T>(len: usize) -> Layout {
    let layout = Layout::array::<T>(len).and_then(|layout| layout.align_to(CACHE_LINE));
    layout.expect("tables are smaller than the address space")
}

impl<T> Memory<T> {
    /// Where the items start.
    #[inline(always)]
    pub(super) fn as_mut_ptr(&mut self) -> *mut T {
        self.start.as_ptr()
    }
}

impl<T> Deref for Memory<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        // SAFETY: `start` owns `len` initialised items.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T> DerefMut for Memory<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and `&mut self` makes the access the only one.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl<T> Drop for Memory<T> {
    fn drop(&mut self) {
        match self.owner {
            // SAFETY: the mapping was made by `mapped` and nothing else refers to it. Unmapping a
            // whole mapping cannot fail.
            Owner::Mapping(address, length) => drop(unsafe { munmap(address, length) }),
            // SAFETY: `on_heap` allocated with the same layout; `Zeroed` items need no drop.
            Owner::Heap => unsafe { dealloc(self.start.as_ptr().cast(), heap_layout::<T>(self.len)) },
        }
    }
}

/// Asks for the cache line that holds `items[index]`, so that it is there when it is needed.
#[inline(always)]
pub(super) fn prefetch<T>(items: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: prefetching never faults, whatever the address; SSE is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(items.as_ptr().wrapping_add(index).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (items, index);
}
