// Times the work on other people's solvers, the symbolic part kept between solves: Eigen's sparse Cholesky
// factorisations, CHOLMOD simplicial and supernodal, KLU, each with the orderings that it offers.
//
//   peers SOLVER SIDE resistors|transistors
#include "workload.hpp"
#include <Eigen/Sparse>
#include <cstring>
#include <string>
#include <suitesparse/cholmod.h>
#include <suitesparse/klu.h>

template <class Factorisation> struct Eigens {
  Eigen::SparseMatrix<double> matrix;
  Factorisation factorisation;
  Eigen::VectorXd solution;
  void analyse(int count, const std::vector<std::pair<int, int>> &places) {
    std::vector<Eigen::Triplet<double>> list;
    for (auto [row, column] : places) list.emplace_back(row, column, 1.0);
    matrix.resize(count, count);
    matrix.setFromTriplets(list.begin(), list.end());
    matrix.makeCompressed();
    factorisation.analyzePattern(matrix);
  }
  int find(int row, int column) {
    for (int p = matrix.outerIndexPtr()[column]; p < matrix.outerIndexPtr()[column + 1]; p++)
      if (matrix.innerIndexPtr()[p] == row) return p;
    return -1;
  }
  double *clear() {
    std::fill(matrix.valuePtr(), matrix.valuePtr() + matrix.nonZeros(), 0.0);
    return matrix.valuePtr();
  }
  const double *solve(const double *right) {
    factorisation.factorize(matrix);
    solution = factorisation.solve(Eigen::Map<const Eigen::VectorXd>(right, matrix.rows()));
    return solution.data();
  }
};
template <class Ordering> using LDLT = Eigens<Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>, Eigen::Lower, Ordering>>;
template <class Ordering> using LLT = Eigens<Eigen::SimplicialLLT<Eigen::SparseMatrix<double>, Eigen::Lower, Ordering>>;

template <int Supernodal, int Ordering> struct Cholmod {
  cholmod_common common;
  cholmod_sparse *matrix = nullptr;
  cholmod_factor *factor = nullptr;
  cholmod_dense *right = nullptr, *solution = nullptr, *y = nullptr, *e = nullptr;
  Cholmod() {
    cholmod_start(&common);
    common.supernodal = Supernodal;
    if (Ordering >= 0) common.nmethods = 1, common.method[0].ordering = Ordering, common.postorder = 1;
  }
  void analyse(int count, const std::vector<std::pair<int, int>> &places) {
    auto *list = cholmod_allocate_triplet(count, count, places.size(), -1, CHOLMOD_REAL, &common);
    for (auto [row, column] : places) {
      ((int *)list->i)[list->nnz] = row, ((int *)list->j)[list->nnz] = column;
      ((double *)list->x)[list->nnz++] = 1;
    }
    matrix = cholmod_triplet_to_sparse(list, 0, &common);
    cholmod_sort(matrix, &common);
    factor = cholmod_analyze(matrix, &common);
    right = cholmod_zeros(count, 1, CHOLMOD_REAL, &common);
  }
  int find(int row, int column) {
    for (int p = ((int *)matrix->p)[column]; p < ((int *)matrix->p)[column + 1]; p++)
      if (((int *)matrix->i)[p] == row) return p;
    return -1;
  }
  double *clear() {
    double *values = (double *)matrix->x;
    std::fill(values, values + ((int *)matrix->p)[matrix->ncol], 0.0);
    return values;
  }
  const double *solve(const double *values) {
    std::copy(values, values + matrix->nrow, (double *)right->x);
    cholmod_factorize(matrix, factor, &common);
    cholmod_solve2(CHOLMOD_A, factor, right, nullptr, &solution, nullptr, &y, &e, &common);
    return (double *)solution->x;
  }
};

// KLU factors the whole matrix: it has no symmetric mode.
struct KLU {
  klu_common common;
  klu_symbolic *symbolic = nullptr;
  klu_numeric *numeric = nullptr;
  std::vector<int> start, rows, mirror;
  std::vector<double> lower, values, solution;
  std::vector<std::pair<int, int>> unique;
  void analyse(int count, const std::vector<std::pair<int, int>> &places) {
    klu_defaults(&common);
    unique = places;
    std::sort(unique.begin(), unique.end());
    unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
    std::vector<std::pair<int, int>> all;  // column, row
    for (auto [row, column] : unique) {
      all.emplace_back(column, row);
      if (row != column) all.emplace_back(row, column);
    }
    std::sort(all.begin(), all.end());
    start.assign(count + 1, 0);
    for (auto [column, row] : all) start[column + 1]++, rows.push_back(row);
    for (int i = 0; i < count; i++) start[i + 1] += start[i];
    for (auto [column, row] : all) mirror.push_back(find(std::max(row, column), std::min(row, column)));
    lower.resize(unique.size()), values.resize(all.size()), solution.resize(count);
    symbolic = klu_analyze(count, start.data(), rows.data(), &common);
  }
  int find(int row, int column) {
    return std::lower_bound(unique.begin(), unique.end(), std::make_pair(row, column)) - unique.begin();
  }
  double *clear() {
    std::fill(lower.begin(), lower.end(), 0.0);
    return lower.data();
  }
  const double *solve(const double *right) {
    for (size_t i = 0; i < values.size(); i++) values[i] = lower[mirror[i]];
    if (!numeric) numeric = klu_factor(start.data(), rows.data(), values.data(), symbolic, &common);
    else klu_refactor(start.data(), rows.data(), values.data(), symbolic, numeric, &common);
    std::copy(right, right + solution.size(), solution.begin());
    klu_solve(symbolic, numeric, solution.size(), 1, solution.data(), &common);
    return solution.data();
  }
};

int main(int count, char **words) {
  if (count != 4) return std::fprintf(stderr, "usage: peers SOLVER SIDE resistors|transistors\n"), 64;
  std::string name = words[1];
  int side = std::atoi(words[2]);
  bool transistors = !std::strcmp(words[3], "transistors");
  auto is = [&](const char *other) { return name == other; };
  if (is("eigen-ldlt-amd")) run<LDLT<Eigen::AMDOrdering<int>>>(words[1], side, transistors);
  else if (is("eigen-ldlt-natural")) run<LDLT<Eigen::NaturalOrdering<int>>>(words[1], side, transistors);
  else if (is("eigen-llt-amd")) run<LLT<Eigen::AMDOrdering<int>>>(words[1], side, transistors);
  else if (is("cholmod-simplicial-amd")) run<Cholmod<CHOLMOD_SIMPLICIAL, CHOLMOD_AMD>>(words[1], side, transistors);
  else if (is("cholmod-simplicial-metis")) run<Cholmod<CHOLMOD_SIMPLICIAL, CHOLMOD_METIS>>(words[1], side, transistors);
  else if (is("cholmod-supernodal-amd")) run<Cholmod<CHOLMOD_SUPERNODAL, CHOLMOD_AMD>>(words[1], side, transistors);
  else if (is("cholmod-supernodal-metis")) run<Cholmod<CHOLMOD_SUPERNODAL, CHOLMOD_METIS>>(words[1], side, transistors);
  else if (is("cholmod-auto")) run<Cholmod<CHOLMOD_AUTO, -1>>(words[1], side, transistors);
  else if (is("klu")) run<KLU>(words[1], side, transistors);
  else return std::fprintf(stderr, "peers: no solver is called %s\n", words[1]), 64;
}
