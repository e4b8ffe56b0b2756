# Starts main in 64-bit mode, with all vector registers on, from a multiboot loader.
    .set MAGIC, 0x1BADB002
    .set FLAGS, 3
    .section .multiboot, "a"
    .align 4
    .long MAGIC, FLAGS, -(MAGIC + FLAGS)

    .section .bss
    .align 4096
pml4: .skip 4096
pdpt: .skip 4096
pd:   .skip 4096
    .skip 1 << 18
stack:

    .section .rodata
    .align 8
gdt:  .quad 0, 0x00AF9A000000FFFF, 0x00CF92000000FFFF
gdt_at: .word 23
    .long gdt

    .section .text
    .code32
    .global _start
_start:
    cli
    mov $stack, %esp
    mov $pdpt, %eax
    or $3, %eax
    mov %eax, pml4
    mov $pd, %eax
    or $3, %eax
    mov %eax, pdpt
    xor %ecx, %ecx                 # 512 pages of 2 MB, at their own addresses
1:  mov %ecx, %eax
    shl $21, %eax
    or $0x83, %eax
    mov %eax, pd(, %ecx, 8)
    inc %ecx
    cmp $512, %ecx
    jne 1b
    mov %cr4, %eax
    or $0x20, %eax                 # PAE
    mov %eax, %cr4
    mov $pml4, %eax
    mov %eax, %cr3
    mov $0xC0000080, %ecx          # EFER
    rdmsr
    or $0x100, %eax                # LME
    wrmsr
    mov %cr0, %eax
    or $0x80000001, %eax
    mov %eax, %cr0
    lgdt gdt_at
    ljmp $8, $long_mode
    .code64
long_mode:
    mov $16, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %cr0, %rax
    and $~0xC, %rax                # no emulation, no lazy switch
    or $2, %rax
    mov %rax, %cr0
    mov %cr4, %rax
    or $0x40600, %rax              # OSFXSR, OSXMMEXCPT, OSXSAVE
    mov %rax, %cr4
    mov $0xD, %eax                 # the states that the processor has
    xor %ecx, %ecx
    cpuid
    and $0x600E7, %eax             # x87, SSE, AVX, AVX-512, AMX
    xor %ecx, %ecx
    xor %edx, %edx
    xsetbv
    mov $stack, %rsp
    call check
1:  hlt
    jmp 1b

    .section .note.GNU-stack, "", @progbits
