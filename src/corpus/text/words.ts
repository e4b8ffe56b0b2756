/** A word: letters and digits with their marks, since vowels are marks in Hindi, Thai or Arabic. */
export const WORDS = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu;
