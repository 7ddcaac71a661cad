// The empirical NTK of finite networks beside its limit: the difference falls as 1/sqrt(width).
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

#include <ntk/ntk.h>

static void check(ntk_status status) {
    if (status != NTK_OK) throw std::runtime_error(ntk_error_detail());
}

int main() try {
    const std::size_t n = 4, d = 3;
    const ntk_architecture architecture = ntk_architecture_default();
    ntk_stream stream = ntk_stream_create(1, "example", 0);
    std::vector<double> x(n * d), limit(n * n), empirical(n * n);
    check(ntk_linalg_start());
    check(ntk_data_sphere(&stream, n, d, x.data()));
    check(ntk_kernel_gram(&architecture, NTK_KERNEL_NTK, n, d, x.data(), d, limit.data(), n));

    std::printf("width  relative difference, in the mean square of 20 networks\n");
    for (std::size_t width = 64; width <= 4096; width *= 8) {
        ntk_network *handle;
        check(ntk_network_create(&architecture, d, width, 1, &handle));
        const std::unique_ptr<ntk_network, void (*)(ntk_network *)> network(handle, ntk_network_destroy);
        std::vector<double> theta(ntk_network_parameters(handle));
        double sum = 0;
        for (int draw = 0; draw < 20; draw++) {
            ntk_network_initialise(handle, &stream, theta.data());
            check(ntk_network_tangent_kernel(handle, theta.data(), n, x.data(), empirical.data(), n));
            sum += std::pow(ntk_distance(n * n, empirical.data(), limit.data()), 2);
        }
        std::printf("%5zu  %.3g\n", width, std::sqrt(sum / 20) / ntk_norm(n * n, limit.data()));
    }
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
