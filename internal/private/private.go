// Package private judges files that hold secrets, or that a program believes, by
// who can read and who can write them. On Windows, which has access lists in place of
// modes and owners, it judges nothing.
package private
